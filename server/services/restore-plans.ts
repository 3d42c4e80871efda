import { stat } from "node:fs/promises";
import type { BackupRow } from "../db/backups.ts";
import type { SourceRow } from "../db/sources.ts";
import type { Actor } from "../domain/access.ts";
import { Failure } from "../domain/errors.ts";
import { inspectDatabase } from "../engine/database/inspect.ts";
import type { ClientTools } from "../engine/part.ts";
import { targetOf } from "./restore-target.ts";
import type { RestoreRequest, Restores } from "./restores.ts";
import type { Sources } from "./sources.ts";

/** What a restore would do to its target as it stands now. */
export interface RestoreForecast {
  readonly backup: BackupRow;
  readonly target: SourceRow;
  readonly database: {
    readonly name: string;
    readonly tablesReplaced: readonly string[];
    readonly tablesAdded: readonly string[];
    readonly tablesRemoved: readonly string[];
    readonly currentRowsEstimate: number;
    readonly currentBytes: number;
  } | null;
  readonly media: readonly { readonly path: string; readonly exists: boolean }[];
  readonly bytes: number;
  readonly expectedSeconds: number | null;
  readonly problems: readonly { readonly code: string; readonly message: string; readonly hint: string | null }[];
}

export type RestorePlans = ReturnType<typeof createRestorePlans>;

/** Foretells restores; touches nothing. */
export function createRestorePlans({
  restores,
  sources,
  tools,
}: {
  readonly restores: Restores;
  readonly sources: Sources;
  readonly tools: () => Promise<ClientTools>;
}) {
  return {
    async forecast(actor: Actor | null, request: RestoreRequest): Promise<RestoreForecast> {
      const { backup, manifest, target } = await restores.resolve(actor, request);
      const problems: RestoreForecast["problems"][number][] = [];
      const connection = request.type === "MEDIA" ? null : sources.connectionOf(target);
      const engineTarget = targetOf(target, manifest, request.type, connection, connection && (await tools()));
      let database: RestoreForecast["database"] = null;
      if (engineTarget.database && manifest.database) {
        try {
          const present = await inspectDatabase(engineTarget.database.connection);
          const here = new Set(present.tables.map(({ name }) => name));
          const coming = new Set(manifest.database.tables.map(({ name }) => name));
          database = {
            name: engineTarget.database.connection.database,
            tablesReplaced: [...coming].filter((name) => here.has(name)),
            tablesAdded: [...coming].filter((name) => !here.has(name)),
            tablesRemoved: [...here].filter((name) => !coming.has(name)),
            currentRowsEstimate: present.tables.reduce((sum, table) => sum + table.rowsEstimate, 0),
            currentBytes: present.dataBytes,
          };
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          problems.push({ code: error.code, message: error.message, hint: error.hint ?? null });
        }
      }
      const media = await Promise.all((engineTarget.media ?? []).map(async ({ path }) => ({ path, exists: await isFolder(path) })));
      const bytes = manifest.artifacts
        .filter(({ part }) => (part === "database" ? engineTarget.database : engineTarget.media))
        .reduce((sum, artifact) => sum + artifact.size, 0);
      return { backup, target, database, media, bytes, expectedSeconds: await sources.expectedRestoreSeconds(target.id), problems };
    },
  };
}

const isFolder = async (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
