import { isIP, type Socket } from "node:net";
import type { Connection as PlainConnection } from "mysql2";
import mysql, { type Connection as Session } from "mysql2/promise";
import type { Connection } from "../../domain/connection.ts";
import { badInput, Failure, messageOf } from "../../domain/errors.ts";
import { quoteName } from "./names.ts";

export type { Session };

/** Keeps what a session changes out of the server's binary log. */
export const withoutLog = "SET SESSION sql_log_bin = 0";

const connectMilliseconds = 10_000;

/**
 * A session as the source's account, in UTC and utf8mb4 with a plain sql_mode; the caller ends it. Rejects with
 * SOURCE_UNAVAILABLE and a sentence for whatever keeps it from coming about. `database: false` leaves it without a default
 * database. With the charset `binary` each character of a statement is a byte of it, as in latin1. `stream` opens the socket
 * in another way than usual.
 */
export async function connect(
  connection: Connection,
  options: { readonly database?: boolean; readonly charset?: "utf8mb4" | "binary"; readonly stream?: () => Socket } = {},
): Promise<Session> {
  refuseUnsendable(connection);
  try {
    const session = await mysql.createConnection({
      ...(options.stream ? { stream: options.stream } : {}),
      ...(connection.socketPath ? { socketPath: connection.socketPath } : { host: connection.host, port: connection.port }),
      user: connection.user,
      password: connection.password,
      ...(options.database === false ? {} : { database: connection.database }),
      ...(connection.tls ? { ssl: { rejectUnauthorized: true, verifyIdentity: isIP(connection.host) === 0 } } : {}),
      charset: options.charset ?? "utf8mb4",
      timezone: "Z",
      connectTimeout: connectMilliseconds,
      multipleStatements: false,
      supportBigNumbers: true,
      dateStrings: true,
    });
    // A connection that dies while idle raises this; the next query tells it better.
    session.on("error", () => {});
    await session.query({ sql: "SET SESSION sql_mode = 'STRICT_TRANS_TABLES', time_zone = '+00:00'", timeout: connectMilliseconds });
    if (connection.skipBinaryLog) await session.query({ sql: withoutLog, timeout: connectMilliseconds });
    return session;
  } catch (error) {
    throw unreachable(connection, error);
  }
}

/** Longer than any look at a server's own books takes; a server that hangs, or sends a byte a minute, is given up. */
const patienceMilliseconds = 10 * 60_000;
/** Counting the rows of a large table takes as long as it takes. */
const countingMilliseconds = 2 ** 31 - 1;
/** More than a database has of anything: a server that answers without end must not fill the memory. */
const mostRows = 1_000_000;

/**
 * The rows of a query on the server's own books, whose columns the caller knows. Rejects with SOURCE_UNAVAILABLE when the
 * answer does not come to an end in time, or at all; the session is then of no more use.
 */
export async function select<Row>(
  session: Session,
  sql: string,
  values: readonly unknown[] = [],
  { patience = patienceMilliseconds, most = mostRows } = {},
): Promise<Row[]> {
  const rows: Row[] = [];
  try {
    for await (const row of plain(session)
      .query({ sql, values: [...values], timeout: patience })
      .stream()) {
      rows.push(row as Row);
      if (rows.length > most) throw endless();
    }
  } catch (error) {
    if (codeOf(error) === "PROTOCOL_SEQUENCE_TIMEOUT") throw silent(error);
    throw error;
  }
  return rows;
}

/** The number of rows of what comes behind FROM: a table, or a part of one. */
export async function count(session: Session, rows: string): Promise<number> {
  const [counted] = await select<{ found: unknown }>(session, `SELECT COUNT(*) AS found FROM ${rows}`, [], {
    patience: countingMilliseconds,
  });
  return Number(counted?.found);
}

/** The session without promises, which alone gives rows one by one; its types hide it. */
const plain = (session: Session) => (session as Session & { readonly connection: PlainConnection }).connection;

const endlessAnswer = "ENDLESS_ANSWER";
const serverSilent = "SERVER_SILENT";

const endless = () =>
  new Failure("SOURCE_UNAVAILABLE", "The database server answers without an end.", "Check that host and port lead to your own server.", {
    reason: endlessAnswer,
  });

const silent = (cause: unknown) =>
  new Failure(
    "SOURCE_UNAVAILABLE",
    "The database server took the question and did not answer.",
    "Check the load of the server, and that host and port lead to it.",
    { cause, reason: serverSilent },
  );

/** Runs `work` in a session of its own. When `signal` aborts, the session is cut and this rejects, whatever it was waiting for. */
export async function withSession<T>(
  connection: Connection,
  work: (session: Session) => Promise<T>,
  options: { readonly database?: boolean; readonly signal?: AbortSignal } = {},
): Promise<T> {
  const { signal } = options;
  signal?.throwIfAborted();
  const session = await connect(connection, options);
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  // It may have come while the session was opened; on one whose server has gone, `work` might wait for ever.
  if (signal?.aborted) onAbort();
  let lost = false;
  try {
    return await Promise.race([work(session), aborted.promise]);
  } catch (error) {
    lost = error instanceof Failure && (error.reason === endlessAnswer || error.reason === serverSilent);
    throw lockHeld(error) ?? error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    // A server that is still at its last answer would keep a farewell waiting.
    if (lost || signal?.aborted) session.destroy();
    else await session.end().catch(() => session.destroy());
  }
}

/** What to say when another connection would not let go of a table in time. */
function lockHeld(cause: unknown): Failure | null {
  if (!(cause instanceof Error && "code" in cause && cause.code === "ER_LOCK_WAIT_TIMEOUT")) return null;
  return new Failure(
    "LOAD_FAILED",
    "Another connection kept a table of the database locked for too long.",
    "Stop the application or its long transactions for a moment, and try again.",
    { cause, reason: "TABLE_LOCKED" },
  );
}

/** Names that cannot be given to the client programs: they end a line of the option file. */
export function refuseUnsendable({ user, password, host, database, socketPath }: Connection): void {
  for (const [what, value] of Object.entries({ user, password, host, database, socketPath: socketPath ?? "" }))
    if (/[\r\n\0]/.test(value))
      throw badInput(`The ${what} holds a line break or a NUL, which the database's client programs cannot take.`);
}

/** What a server said, fit for one line: no control characters, and no more than a sentence. */
export const printable = (said: string) => said.replace(/\p{Cc}+/gu, " ").slice(0, 300);

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : "");

/** The failure of a connection that did not come about, in words. */
function unreachable(connection: Connection, error: unknown): Failure {
  const place = connection.socketPath ?? `${connection.host}:${connection.port}`;
  const fail = (message: string, hint: string) => new Failure("SOURCE_UNAVAILABLE", message, hint, { cause: error });
  const code = codeOf(error);
  switch (code) {
    case "ER_ACCESS_DENIED_ERROR":
    case "ER_ACCESS_DENIED_NO_PASSWORD_ERROR":
      if (connection.password === "")
        return fail(
          `The database at ${place} refused the user ${connection.user}, for whom no password is kept.`,
          "Enter the password of the source. After a rebuild of the catalog it has to be entered again: no storage holds it.",
        );
      return fail(
        `The database at ${place} refused the user ${connection.user}: wrong user name or password.`,
        "Check the user name and the password of the source, and that the account may connect from this machine.",
      );
    case "ER_BAD_DB_ERROR":
      return fail(
        `There is no database ${connection.database} at ${place}.`,
        `Check the name, or create it: CREATE DATABASE ${quoteName(connection.database)};`,
      );
    case "ER_SPECIFIC_ACCESS_DENIED_ERROR":
      return binaryLogDenied(`the account ${connection.user}`, "the account", error);
    case "ER_DBACCESS_DENIED_ERROR":
      return fail(
        `The user ${connection.user} may not use the database ${connection.database} at ${place}, or it does not exist.`,
        `Check the name, or allow it: GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON ${quoteName(connection.database)}.* TO the account.`,
      );
    default:
      return fail(
        `Could not reach the database at ${place}: ${reasons[code] ?? printable(messageOf(error))}.`,
        hints[code] ?? "Check host and port, and that the server is running.",
      );
  }
}

/** The Failure of an account that may not keep what it does out of the binary log. */
export const binaryLogDenied = (who: string, account: string, cause: unknown) =>
  new Failure(
    "SOURCE_UNAVAILABLE",
    `The binary log cannot be left out: ${who} may not turn it off for its sessions.`,
    `Run as an administrator of the database: GRANT BINLOG ADMIN ON *.* TO ${account}; (MySQL: SYSTEM_VARIABLES_ADMIN), or restore with the binary log on.`,
    { cause, reason: "BINARY_LOG_DENIED" },
  );

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOENT: "there is no such socket",
  EACCES: "no permission to use the socket",
  ETIMEDOUT: "no answer in 10 seconds",
  PROTOCOL_SEQUENCE_TIMEOUT: "no answer in 10 seconds",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ENOTFOUND: "the host name is unknown",
  EAI_AGAIN: "the host name could not be looked up",
  ECONNRESET: "the connection was closed",
  PROTOCOL_CONNECTION_LOST: "the connection was closed",
  HANDSHAKE_NO_SSL_SUPPORT: "the server does not offer TLS",
  HANDSHAKE_SSL_ERROR: "the server's certificate could not be verified",
  ER_CON_COUNT_ERROR: "the server has too many connections",
  ER_HOST_IS_BLOCKED: "the server blocks this machine after too many failed connections",
  ER_HOST_NOT_PRIVILEGED: "the server does not allow connections from this machine",
};

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Check that the server is running and listens on this host and port.",
  ENOENT: "Check the path of the socket, and that the server is running.",
  ETIMEDOUT: "Check the host, the port, and the firewalls between this machine and the server.",
  ENOTFOUND: "Check the host name.",
  HANDSHAKE_NO_SSL_SUPPORT: "Turn TLS on in the server, or off in the source.",
  HANDSHAKE_SSL_ERROR: "Use a certificate that this machine trusts and that names the host, or turn TLS off in the source.",
  ER_HOST_IS_BLOCKED: "Run FLUSH HOSTS on the server.",
};
