import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSummary } from "../../server/domain/manifest.ts";
import { backupFolder } from "../../server/domain/naming.ts";
import { manifestWith } from "./about.ts";

/** A storage folder with so many backups of one small file each, those before `from` there already, an hour apart, as a Holdfast before signed manifests wrote them. */
export async function writeManifests(root: string, count: number, tables = 0, from = 0): Promise<void> {
  const source = {
    ...{ id: "5005ce00-0000-4000-8000-000000000000", name: "Many", slug: "many", database: null },
    ...{ mediaPaths: ["/srv/many"], excludePatterns: [] },
  };
  const summary: DatabaseSummary = {
    ...{ name: "many", flavour: "mariadb", serverVersion: "10.11", characterSet: "utf8mb4", collation: "utf8mb4_general_ci" },
    ...{
      definitions: { views: 0, triggers: 0, procedures: 0, functions: 0, events: 0 },
      dataBytes: 0,
      notes: [],
      sections: null,
      binlog: null,
      engine: "MYSQLDUMP",
      snapshot: null,
    },
    tables: Array.from({ length: tables }, (_, at) => ({
      name: `table_${at}`,
      rows: at,
      engine: "InnoDB",
      bytes: 16_384,
      checksum: null,
      ranges: null,
    })),
  };
  const write = async (at: number) => {
    const id = `${at.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
    const createdAt = new Date(Date.UTC(2024, 0, 1, at));
    const folder = backupFolder("many", "MEDIA", createdAt, id);
    const artifact = { name: "media.tar", part: "media", size: 1, storedSize: 1, sha256: "0".repeat(64), packed: null } as const;
    const instants = { createdAt: createdAt.toISOString(), startedAt: createdAt.toISOString(), finishedAt: createdAt.toISOString() };
    const manifest = manifestWith({
      ...{ id, name: `Backup ${at}`, type: "MEDIA", source, compression: "NONE", artifacts: [artifact], ...instants },
      database: tables > 0 ? summary : null,
    });
    await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, folder, "media.tar"), "x");
    await writeFile(join(root, folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  };
  const step = 64;
  for (let first = from; first < count; first += step)
    await Promise.all(Array.from({ length: Math.min(step, count - first) }, (_, at) => write(first + at)));
}
