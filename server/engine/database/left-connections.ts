import { setTimeout as sleep } from "node:timers/promises";
import { type Session, select } from "./client.ts";

/** A connection as the server's list of them shows it. */
export interface ShownConnection {
  readonly Id: number;
  readonly db: string | null;
  readonly State: string | null;
}

/** The connections that the account may see: all of its own. This needs no room on the server's disk, as its tables of them do. */
export const connectionsIn = async (session: Session, schema: string): Promise<ShownConnection[]> =>
  (await select<ShownConnection>(session, "SHOW PROCESSLIST")).filter(({ Id, db }) => db === schema && Id !== session.threadId);

/** Longer than a server sleeps that waits for room on its disk, and looks at nothing meanwhile. */
const usualPatience = 75_000;
const lookMilliseconds = 100;

/**
 * Ends the connections that are still in `schema`, which must be ours alone, and waits until they are gone. A server goes on
 * with the statement of a client that is gone, and until its end the table cannot be dropped.
 */
export async function endConnections(session: Session, schema: string, patience = usualPatience): Promise<void> {
  // One that ends by itself meanwhile is an error for KILL alone.
  for (const { Id } of await connectionsIn(session, schema)) await session.query(`KILL ${Id}`).catch(() => {});
  for (let waited = 0; waited < patience && (await connectionsIn(session, schema)).length > 0; waited += lookMilliseconds)
    await sleep(lookMilliseconds);
}
