import { Failure, messageOf } from "../../domain/errors.ts";
import { refusedBy } from "./restricted-client.ts";

/** What a connection ends with when the server goes. */
const lost = ["PROTOCOL_CONNECTION_LOST", "ECONNRESET", "EPIPE", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"];

/** What a server answered to a statement, as its client program says it. With `bytewise` the session takes each byte for a character. */
export function saidBy(error: unknown, { bytewise = false } = {}): string {
  const told = (name: string): unknown => (error instanceof Error ? Reflect.get(error, name) : undefined);
  const [code, number, state] = ["code", "errno", "sqlState"].map(told);
  if (lost.includes(String(code))) return `ERROR 2013 (HY000): Lost connection to server during query (${messageOf(error)})`;
  if (typeof number !== "number" || typeof state !== "string") return messageOf(error);
  return `ERROR ${number} (${state || "HY000"}): ${bytewise ? Buffer.from(messageOf(error), "latin1").toString() : messageOf(error)}`;
}

/** The Failure for a statement of a restore that the server refused; a Failure stays what it is. */
export const refusal = (error: unknown): Failure =>
  error instanceof Failure ? error : refusedBy(saidBy(error), { cause: error, reason: "SQL_ERROR" });
