import { formatBytes } from "../../shared/format.ts";
import type { Connection } from "../domain/connection.ts";
import { inspectDatabase } from "./database/inspect.ts";
import type { PackBase } from "./media/pack-base.ts";
import { measure } from "./media/walk.ts";
import type { Running } from "./part.ts";

/** The uncompressed bytes that the parts are about to give; null for a part that is not backed up. */
export interface Measured {
  readonly database: number | null;
  readonly media: number | null;
}

/** What is to be measured of a backup's plan. */
interface Parts {
  readonly database: { readonly connection: Connection; readonly ratio: number | null } | null;
  readonly media: { readonly roots: readonly string[]; readonly exclude: readonly string[]; readonly packs?: PackBase | null } | null;
}

/** Dump text is larger than InnoDB's data by less than this in most shops; only a first backup uses it. */
const firstRatio = 1.0;

/** The uncompressed bytes to come, from the data's own measure. */
export async function measureSource(plan: Parts, work: Running): Promise<Measured> {
  let [database, media]: [number | null, number | null] = [null, null];
  if (plan.database) {
    const { connection, ratio } = plan.database;
    const found = await inspectDatabase(connection);
    database = Math.round(found.dataBytes * (ratio ?? firstRatio));
    work.say(
      "INFO",
      `Database ${connection.database}: ${found.flavour === "mariadb" ? "MariaDB" : "MySQL"} ${found.serverVersion}, ${found.tables.length} tables, ${formatBytes(found.dataBytes)} of data.`,
    );
  }
  // What is new since the backup before is found on the way: only then is it known, and a walk for it alone would take as long.
  if (plan.media?.packs?.previous) media = plan.media.packs.previous.manifest.media?.packs?.addedSize ?? 0;
  else if (plan.media) {
    const found = await measure(plan.media.roots, plan.media.exclude, work.signal);
    media = found.bytes;
    work.say(
      "INFO",
      `Media: ${found.files.toLocaleString("en-US")} files, ${formatBytes(found.bytes)}, in ${plan.media.roots.join(", ")}.`,
    );
  }
  return { database, media };
}
