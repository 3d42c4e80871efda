import type { BackupType } from "../../shared/enums.ts";
import type { Connection } from "../domain/connection.ts";
import { badInput } from "../domain/errors.ts";
import type { Content } from "../engine/content.ts";
import type { Occupancy } from "../engine/database/target.ts";
import { demandKnownCollations } from "../engine/upload/known-collations.ts";

/** What is asked of a restore, with its defaults. */
interface Asked {
  readonly type: BackupType;
  readonly content: Content;
  /** Null for uploads. */
  readonly backup: object | null;
  readonly target: { readonly name: string };
  readonly targetDatabase: string | null;
  readonly tables: readonly string[] | null;
  readonly paths: readonly string[] | null;
  readonly backupBeforeRestore: boolean;
  readonly staged: boolean;
  readonly skipBinaryLog: boolean;
  readonly collations: readonly string[];
}

export function checkTables({ tables, type, content, backup }: Asked): void {
  if (tables === null) return;
  if (type === "MEDIA")
    throw badInput("Tables can be chosen only where the database is restored.", "Leave `tables` out, or restore the database.");
  if (tables.length === 0) throw badInput("No table is chosen.", "Name at least one, or leave `tables` out to restore all.");
  const held = new Set(content.database?.summary.tables.map(({ name }) => name));
  const unknown = tables.find((name) => !held.has(name));
  if (unknown !== undefined)
    throw badInput(
      `${backup ? "The backup holds" : "The uploads hold"} no table ${unknown.slice(0, 100)}.`,
      "Choose from the tables that it lists.",
    );
  const twice = tables.find((name, index) => tables.indexOf(name) !== index);
  if (twice !== undefined) throw badInput(`The table ${twice} is named twice.`);
}

export async function checkPaths({ paths, type, content }: Asked): Promise<void> {
  if (paths === null) return;
  if (type === "DATABASE")
    throw badInput("Paths can be chosen only where the media are restored.", "Leave `paths` out, or restore the media.");
  if (paths.length === 0) throw badInput("No path is chosen.", "Name at least one, or leave `paths` out to restore all.");
  // It names the first that the archive does not hold.
  await content.media?.measure(paths);
}

export function checkSafety({ staged, backupBeforeRestore, targetDatabase }: Asked): void {
  if (!staged && !backupBeforeRestore && targetDatabase === null)
    throw badInput(
      "A restore in place needs the pre-restore backup: without it a failure could not be undone.",
      "Leave `backupBeforeRestore` on, or restore staged.",
    );
}

export async function checkCollations({ type, collations }: Asked, connection: Connection | null): Promise<void> {
  if (type !== "MEDIA" && connection) await demandKnownCollations(connection, collations);
}

/** What the user has to know of a restore that the binary log does not show. */
export const binaryLogSkipped =
  "The restore stays out of the server's binary log: replicas of that server do not get it and have to be set up anew, and a recovery by the log cannot go past it.";

export function checkBinaryLog({ skipBinaryLog, type }: Asked): void {
  if (skipBinaryLog && type === "MEDIA")
    throw badInput(
      "The binary log can be left out only where the database is restored.",
      "Leave `skipBinaryLog` out, or restore the database.",
    );
}

/** A source backs up its own database only, so for another there is no safety copy to take. */
export function checkOccupancy({ targetDatabase, staged, backupBeforeRestore, target }: Asked, occupancy: Occupancy): void {
  if (occupancy !== "filled") return;
  if (!staged)
    throw badInput(
      `The database ${targetDatabase} is not empty, and a restore in place that failed could not be undone there.`,
      "Restore staged, or name a database that is empty or not there yet.",
    );
  if (backupBeforeRestore)
    throw badInput(
      `The database ${targetDatabase} is not empty, and no pre-restore backup can be taken of it: it is not the one that ${target.name} protects.`,
      "Turn the pre-restore backup off, name a database that is empty or not there yet, or add a source for that database and restore into it.",
    );
}
