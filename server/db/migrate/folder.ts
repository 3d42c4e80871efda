import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** One generated migration, in the order of the journal. */
export interface Migration {
  readonly tag: string;
  /** SHA-256 of the file: a migration that was applied may not change. */
  readonly hash: string;
  readonly statements: readonly string[];
}

const journal = z.object({ entries: z.array(z.object({ idx: z.number(), tag: z.string().regex(/^[\w-]+$/) })) });

/** Reads what drizzle-kit generated: `meta/_journal.json` and one SQL file for each of its entries. */
export async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const { entries } = journal.parse(JSON.parse(await readFile(join(folder, "meta", "_journal.json"), "utf8")));
  const inOrder = [...entries].sort((a, b) => a.idx - b.idx);
  return Promise.all(
    inOrder.map(async ({ tag }) => {
      const text = await readFile(join(folder, `${tag}.sql`), "utf8");
      const statements = text.split("--> statement-breakpoint").map((statement) => statement.trim());
      return { tag, hash: createHash("sha256").update(text).digest("hex"), statements: statements.filter(Boolean) };
    }),
  );
}
