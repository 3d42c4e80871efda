import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import type { ClientTools, Running } from "../part.ts";
import { type Brought, isOneOf } from "./choice.ts";
import { type Session, withSession } from "./client.ts";
import { makeDefinitions } from "./definitions.ts";
import { qualify, quoteName } from "./names.ts";
import { mendReferences, type Reference, referencesInto } from "./references.ts";
import { dropDefinitions, dropTables, prepareToChange, type SchemaCharset, schemaExists, tableNames } from "./schema-change.ts";
import { type DefinitionName, unpackScript } from "./scripts.ts";

/** All that a swap, and the way back from any point of it, needs to know. Plain JSON, written down before the target is touched. */
export interface DatabaseSwapPlan {
  readonly target: string;
  /** The schema that holds the restored tables until the swap. */
  readonly scratch: string;
  /** The schema that holds the old tables after it. That it exists says that the swap has begun. */
  readonly old: string;
  /** Nothing of the old stays. */
  readonly whole: boolean;
  /** Tables that come and that go; those that do neither stay where they are. */
  readonly incoming: readonly string[];
  readonly outgoing: readonly string[];
  /** Views, triggers, routines and events that go before the tables move, that come after, and that a way back makes anew. */
  readonly takes: readonly DefinitionName[];
  readonly makes: readonly DefinitionName[];
  readonly returns: readonly DefinitionName[];
  /** Scripts of those that return and of those that come, packed. */
  readonly oldDefinitions: string;
  readonly newDefinitions: string;
  /** Foreign keys of tables that stay, to tables that move. */
  readonly references: readonly Reference[];
  /** The target's, the backup's, and the one that the target ends with. */
  readonly oldCharset: SchemaCharset;
  readonly newCharset: SchemaCharset;
  readonly finalCharset: SchemaCharset;
  readonly brought: Brought;
}

/**
 * Makes the staged backup the target: definitions dropped, all tables exchanged by one RENAME, definitions made anew.
 * When it rejects, `rollbackDatabase` makes the target wholly old again. Cancelling takes effect between the steps.
 */
export async function swapDatabase(
  connection: Connection,
  tools: ClientTools,
  plan: DatabaseSwapPlan,
  { signal, say }: Running,
): Promise<void> {
  const step = (message: string) => {
    signal.throwIfAborted();
    say("INFO", message);
  };
  // A session cut in the middle of a RENAME would leave it running behind the rollback's back, so no signal here.
  await withSession(connection, async (session) => {
    await prepareToChange(session);
    step("Checking that the database is as it was when the restore began.");
    await demandUnchanged(session, plan);
    step("Making room for the old tables.");
    await session.query(`CREATE DATABASE ${quoteName(plan.old)}`);
    step("Removing the old views, triggers, routines and events.");
    await dropDefinitions(session, plan.target, plan.whole ? undefined : isOneOf(plan.takes));
    step(`Exchanging ${plan.outgoing.length} tables for ${plan.incoming.length}.`);
    await rename(session, [...moves(plan.outgoing, plan.target, plan.old), ...moves(plan.incoming, plan.scratch, plan.target)]);
    step("Leading the foreign keys to the restored tables.");
    await mendReferences(session, { ...plan, beside: [plan.scratch, plan.old] });
    step("Making the views, triggers, routines and events of the backup.");
    const making = { makes: plan.makes, script: unpackScript(plan.newDefinitions), during: plan.newCharset, after: plan.finalCharset };
    await makeDefinitions(session, { connection, tools, schema: plan.target, signal }, making, say);
    step("The database is restored.");
  });
}

async function demandUnchanged(session: Session, plan: DatabaseSwapPlan): Promise<void> {
  const { target, scratch, incoming, outgoing, whole, references } = plan;
  const same = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((name) => b.includes(name));
  const here = await tableNames(session, target);
  const concerned = whole ? here : here.filter((name) => outgoing.includes(name) || incoming.includes(name));
  const moving = [...incoming, ...outgoing];
  const keys = whole ? [] : await referencesInto(session, target, moving);
  if (!same(concerned, outgoing) || JSON.stringify(keys) !== JSON.stringify(references))
    throw new Failure(
      "CONFLICT",
      `The tables of ${target} changed while the backup was being loaded.`,
      "Restore again when nothing else changes the database.",
      { reason: "SCHEMA_CHANGED" },
    );
  if (!same(await tableNames(session, scratch), incoming))
    throw new Failure("LOAD_FAILED", "The scratch schema is not as it was loaded.", "Restore again.", { reason: "SCHEMA_CHANGED" });
}

interface Move {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}
const moves = (names: readonly string[], from: string, to: string): Move[] => names.map((name) => ({ name, from, to }));

async function rename(session: Session, all: readonly Move[]): Promise<void> {
  if (all.length === 0) return;
  await session.query(`RENAME TABLE ${all.map(({ name, from, to }) => `${qualify(from, name)} TO ${qualify(to, name)}`).join(", ")}`);
}

/**
 * Makes the target wholly old again, from whatever point a swap came to, and removes the schemas beside it. Looks at what
 * is where, so it may be called again after a crash in the middle of itself. Rejects with CONFLICT once the swap is finished.
 */
export async function rollbackDatabase(connection: Connection, tools: ClientTools, plan: DatabaseSwapPlan): Promise<void> {
  const signal = new AbortController().signal;
  await withSession(connection, async (session) => {
    await prepareToChange(session);
    if (await schemaExists(session, plan.old)) {
      const [old, present] = [await tableNames(session, plan.old), await tableNames(session, plan.target)];
      // A table by an old name is the old one until that has moved out.
      const restored = plan.incoming.filter((name) => present.includes(name) && (old.includes(name) || !plan.outgoing.includes(name)));
      // Half of either may be there, or all: what belongs to the old is made anew when its tables are back.
      await dropDefinitions(session, plan.target, isOneOf([...plan.makes, ...plan.returns]));
      // Dropped, not moved back: an old table whose reference led nowhere would follow a restored table that it now leads to.
      await dropTables(session, plan.target, restored);
      await rename(session, moves(old, plan.old, plan.target));
      await mendReferences(session, { ...plan, beside: [plan.scratch, plan.old] });
      const charset = { during: plan.oldCharset, after: plan.oldCharset };
      const making = { makes: plan.returns, script: unpackScript(plan.oldDefinitions), ...charset };
      await makeDefinitions(session, { connection, tools, schema: plan.target, signal }, making, () => {});
    } else {
      await demandUnfinished(session, plan);
    }
    await session.query(`DROP DATABASE IF EXISTS ${quoteName(plan.scratch)}`);
    await session.query(`DROP DATABASE IF EXISTS ${quoteName(plan.old)}`);
  });
}

async function demandUnfinished(session: Session, { target, scratch, incoming }: DatabaseSwapPlan): Promise<void> {
  if (incoming.length === 0 || !(await schemaExists(session, scratch)) || (await tableNames(session, scratch)).length > 0) return;
  throw new Failure(
    "CONFLICT",
    `The restore of ${target} was finished and cannot be taken back.`,
    "Restore the pre-restore backup instead.",
  );
}

/** Removes the old tables once the swap is decided; may be called again. */
export async function finishDatabase(connection: Connection, plan: DatabaseSwapPlan): Promise<void> {
  await withSession(
    connection,
    async (session) => {
      await prepareToChange(session);
      await session.query(`DROP DATABASE IF EXISTS ${quoteName(plan.old)}`);
      await session.query(`DROP DATABASE IF EXISTS ${quoteName(plan.scratch)}`);
    },
    { database: false },
  );
}
