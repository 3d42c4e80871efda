import type { Connection } from "../../domain/connection.ts";
import { connect, withSession } from "./client.ts";
import { prepareToChange } from "./schema-change.ts";

/**
 * Runs a statement that takes long in a session of its own. When `signal` aborts, the server is told to end it, since it
 * would go on without a client and keep its table from being dropped; this rejects when it has ended.
 */
export async function runToEnd(connection: Connection, statement: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const session = await connect(connection);
  const onAbort = () =>
    void withSession(connection, (other) => other.query(`KILL ${session.threadId}`), { database: false }).catch(() => session.destroy());
  try {
    await prepareToChange(session);
    signal.throwIfAborted();
    signal.addEventListener("abort", onAbort, { once: true });
    await session.query(statement);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    await session.end().catch(() => session.destroy());
  }
}
