import { Failure } from "../../domain/errors.ts";
import { type Session, select } from "./client.ts";

/**
 * Refuses a node of a Galera cluster that is not in sync: what it holds may be old, or about to be thrown away. Any other
 * server passes. The names of states: https://mariadb.com/kb/en/galera-cluster-status-variables/
 */
export async function demandSynced(session: Session): Promise<void> {
  const [on] = await select<{ Value: string }>(session, "SHOW GLOBAL VARIABLES LIKE 'wsrep_on'");
  if (on?.Value.toUpperCase() !== "ON") return;
  const rows = await select<{ Variable_name: string; Value: string }>(
    session,
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state_comment', 'wsrep_cluster_status')",
  );
  const status = new Map(rows.map((row) => [row.Variable_name, row.Value]));
  const [state, cluster] = [status.get("wsrep_local_state_comment") ?? "unknown", status.get("wsrep_cluster_status") ?? "unknown"];
  if (state === "Synced" && cluster === "Primary") return;
  throw new Failure(
    "SOURCE_UNAVAILABLE",
    `The database server is a node of a cluster and not in sync with it: state ${state}, cluster ${cluster}.`,
    "Wait until the node is synced, or let the source connect to one that is.",
    { reason: "NODE_NOT_SYNCED" },
  );
}
