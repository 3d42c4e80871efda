import type { Connection } from "../../domain/connection.ts";
import { badInput } from "../../domain/errors.ts";
import { select, withSession } from "../database/client.ts";
import { limitsOf } from "./sql-collations.ts";

/** Throws BAD_USER_INPUT, with what to map it to, for the first of these collations that the target's server does not know. */
export async function demandKnownCollations(connection: Connection, collations: readonly string[]): Promise<void> {
  if (collations.length === 0) return;
  const known = await withSession(
    connection,
    async (session) => {
      const rows = await select<{ name: string }>(session, "SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS");
      return new Set(rows.map(({ name }) => name.toLowerCase()));
    },
    { database: false },
  );
  // MariaDB lists these once for all of their character sets.
  const isKnown = (name: string) => known.has(name) || known.has(name.replace(/^[a-z0-9]+_(?=uca1400_)/, ""));
  // An older server knows utf8mb3 by its old name only.
  const unknown = collations.find((name) => !isKnown(name) && !isKnown(name.replace(/^utf8mb3_/, "utf8_")));
  if (unknown === undefined) return;
  const instead = limitsOf(unknown)?.instead ?? "utf8mb4_unicode_ci";
  throw badInput(
    `The target's server does not know the collation ${unknown}, which the dump uses.`,
    `Map it to one that it knows: in \`rewrites.collations\`, or with --map-collation ${unknown}=${instead}.`,
  );
}
