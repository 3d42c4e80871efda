import { sql } from "drizzle-orm";
import type { OperationStatus } from "../../shared/enums.ts";
import type { OperationId } from "../domain/ids.ts";
import type { Db } from "./client.ts";
import type { StoredKind } from "./operations.ts";

const tables = { BACKUP: "backups", RESTORE: "restores", VERIFICATION: "verifications", CLEANUP: "cleanups", COPY: "copies" } as const;

/** What a line of the log says of an operation. */
export interface OperationFacts {
  readonly status: OperationStatus;
  readonly durationSeconds: number | null;
  readonly code: string | null;
  /** The name of the schedule that asked for it; null for none. */
  readonly schedule: string | null;
}

/** Null when it is gone. */
export async function findFacts(db: Db, kind: StoredKind, id: OperationId): Promise<OperationFacts | null> {
  const [found] = await db.execute(
    sql`select o.status, timestampdiff(microsecond, o.started_at, o.finished_at) / 1e6 seconds, o.error_code code,
      (select s.name from schedule_runs r join schedules s on s.id = r.schedule_id where r.operation_id = o.id limit 1) schedule
    from ${sql.identifier(tables[kind])} o where o.id = ${id}`,
  );
  const [row] = found as unknown as readonly Readonly<Record<string, unknown>>[];
  if (!row) return null;
  return {
    status: row.status as OperationStatus,
    durationSeconds: row.seconds === null ? null : Number(row.seconds),
    code: row.code === null ? null : String(row.code),
    schedule: row.schedule === null ? null : String(row.schedule),
  };
}
