import type { Session } from "./client.ts";

/**
 * Sets a session up to read rows for a dump: bytes as they lie in each column's own character set, times in UTC, no limits
 * of its own, and answers that may wait a long time for a slow storage.
 */
export async function prepareToRead(session: Session): Promise<void> {
  await session.query("SET NAMES binary");
  await session.query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  for (const setting of settings)
    await session.query(`SET SESSION ${setting}`).catch((error: unknown) => {
      // Older servers do not have each of them, and then not the limit either.
      if (!(error instanceof Error && "code" in error && error.code === "ER_UNKNOWN_SYSTEM_VARIABLE")) throw error;
    });
}

const year = 31_536_000;

const settings = [
  "time_zone = '+00:00', sql_mode = '', sql_select_limit = 18446744073709551615",
  `net_write_timeout = ${year}, wait_timeout = ${year}`,
  "max_statement_time = 0",
  "idle_transaction_timeout = 0, idle_readonly_transaction_timeout = 0",
];
