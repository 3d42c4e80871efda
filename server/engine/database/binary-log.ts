import type { Connection } from "../../domain/connection.ts";
import { Failure } from "../../domain/errors.ts";
import { binaryLogDenied, select, withoutLog, withSession } from "./client.ts";
import { currentAccount } from "./privileges.ts";

/**
 * The connection, such that nothing of what is changed over it comes into the server's binary log; the same one where the
 * server keeps none. Rejects where the account may not do that, or where it would part a cluster.
 */
export const withoutBinaryLog = (connection: Connection): Promise<Connection> =>
  withSession(
    { ...connection, skipBinaryLog: false },
    async (session) => {
      const [server] = await select<{ keeps: unknown }>(session, "SELECT @@GLOBAL.log_bin AS `keeps`");
      const [node] = await select<{ Value: string }>(session, "SHOW GLOBAL VARIABLES LIKE 'wsrep_on'");
      if (node?.Value.toUpperCase() === "ON") throw clustered();
      if (Number(server?.keeps) !== 1) return connection;
      // Tried, since roles, versions and forks disagree about which privilege it takes.
      await session.query(withoutLog).catch(async (error: unknown) => {
        if (!(error instanceof Error && "code" in error && error.code === "ER_SPECIFIC_ACCESS_DENIED_ERROR")) throw error;
        const account = await currentAccount(session);
        throw binaryLogDenied(account, account, error);
      });
      return { ...connection, skipBinaryLog: true };
    },
    { database: false },
  );

const clustered = () =>
  new Failure(
    "BAD_USER_INPUT",
    "The binary log cannot be left out: the database server is a node of a cluster, and the other nodes would not get what is restored.",
    "Restore with the binary log on.",
    { reason: "BINARY_LOG_CLUSTERED" },
  );
