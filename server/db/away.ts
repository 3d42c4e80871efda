/** How a connection's end, and a server that is not there, not there yet, or going, tell themselves. */
const codes = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ENOENT", "ENOTFOUND", "EAI_AGAIN"],
  ...["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "PROTOCOL_CONNECTION_LOST", "PROTOCOL_SEQUENCE_TIMEOUT"],
  ...["ER_SERVER_SHUTDOWN", "ER_CONNECTION_KILLED", "ER_QUERY_INTERRUPTED", "ER_CON_COUNT_ERROR", "ER_HOST_IS_BLOCKED"],
]);

/** Whether a query failed because the catalog could not be reached, so that it may be asked again later. */
export function isCatalogAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, fatal } = error as { code?: unknown; fatal?: unknown };
  return fatal === true || (typeof code === "string" && codes.has(code)) || isCatalogAway(error.cause);
}
