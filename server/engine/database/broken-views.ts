import { type Session, select } from "./client.ts";
import type { DatabaseFacts } from "./inspect.ts";
import { qualify } from "./names.ts";

/** A view that no dump can hold: what it refers to, or the account it runs as, is gone. */
export interface BrokenView {
  readonly name: string;
  /** Its definition, or why even that is not to be had. */
  readonly definition: string;
}

/** View refers to what is not there; definer is not there. */
const broken: readonly unknown[] = ["ER_VIEW_INVALID", "ER_NO_SUCH_USER"];

/**
 * Parts a database's facts into what a dump can hold and the broken views. The dump program gives up at the first such
 * view, and a database is most likely to have one when a table was lost, which is just when it has to be restored.
 */
export async function setBrokenViewsAside(
  session: Session,
  schema: string,
  facts: DatabaseFacts,
): Promise<{ facts: DatabaseFacts; aside: BrokenView[] }> {
  const aside: BrokenView[] = [];
  for (const name of facts.definitions.views) {
    try {
      await session.query(`SHOW FIELDS FROM ${qualify(schema, name)}`);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && broken.includes(error.code))) throw error;
      aside.push({ name, definition: await definitionOf(session, schema, name) });
    }
  }
  const views = facts.definitions.views.filter((view) => !aside.some(({ name }) => name === view));
  return { facts: { ...facts, definitions: { ...facts.definitions, views } }, aside };
}

async function definitionOf(session: Session, schema: string, name: string): Promise<string> {
  try {
    const [row] = await select<{ "Create View"?: string }>(session, `SHOW CREATE VIEW ${qualify(schema, name)}`);
    return row?.["Create View"] ?? "unknown";
  } catch (error) {
    return error instanceof Error ? error.message : "unknown";
  }
}

/** The dump program's options that pass the broken views over. */
export const withoutViews = (schema: string, aside: readonly BrokenView[]) => aside.map(({ name }) => `--ignore-table=${schema}.${name}`);

export const brokenViewNote = ({ name, definition }: BrokenView) =>
  `View ${name} is broken and is not in the backup: it refers to something that is gone. Its definition was: ${definition}`;
