import type { OperationKind, ScheduleKind, ScheduleRunState } from "../../../shared/enums.ts";

interface Named {
  readonly id: string;
  readonly name: string;
}

export interface Run {
  readonly id: string;
  readonly dueAt: string;
  readonly cause: string;
  readonly state: ScheduleRunState;
  readonly reason: string | null;
  readonly message: string | null;
  readonly attempt: number;
  readonly dueCount: number;
  readonly operationId: string | null;
  readonly settledAt: string | null;
}

const scheduleFields = `id name kind active description health pausedReason frequency timeOfDay dayOfWeek dayOfMonth cron timeZone backupType
  source { id name } storage { id name } targetSource { id name } restoreMode level verifyAfter excludeLogs databaseEngine mediaMode compression
  retention { days keepLast keepDaily keepWeekly keepMonthly keepYearly } missedRuns graceMinutes overlap jitterSeconds quietHours { from to } retries
  nextRunAt lastRunAt lastBackup { id name status }`;
const runFields = "id dueAt cause state reason message attempt dueCount operationId settledAt";

export interface Schedule {
  readonly id: string;
  readonly name: string;
  readonly kind: ScheduleKind;
  readonly active: boolean;
  readonly description: string;
  readonly health: string;
  readonly pausedReason: string | null;
  readonly timeZone: string;
  readonly source: Named;
  readonly storage: Named;
  readonly targetSource: Named | null;
  readonly retention: Readonly<Record<string, number | null>>;
  readonly nextRunAt: string | null;
  readonly lastRunAt: string | null;
  readonly lastBackup: (Named & { readonly status: string }) | null;
}

export interface ShownSchedule extends Schedule {
  readonly nextRuns: readonly string[];
  readonly runs: readonly Run[];
}

export const schedulesDocument = `{ schedules { ${scheduleFields} } }`;
export const scheduleDocument = `query ($id: ID!) { schedule(id: $id) { ${scheduleFields} nextRuns(count: 5) runs(first: 10) { ${runFields} } } }`;
export const createScheduleDocument = `mutation ($input: ScheduleInput!) { createSchedule(input: $input) { ${scheduleFields} } }`;
export const toggleScheduleDocument = `mutation ($id: ID!, $active: Boolean) { toggleSchedule(id: $id, active: $active) { ${scheduleFields} } }`;
export const deleteScheduleDocument = "mutation ($id: ID!) { deleteSchedule(id: $id) }";
export const runScheduleDocument = "mutation ($id: ID!) { runSchedule(id: $id) { id } }";
export const timeZoneDocument = "{ settings { timeZone } }";

/** A schedule's operation that this command carries out. */
export interface Begun {
  readonly schedule: Pick<Schedule, "id" | "name" | "kind">;
  readonly runId: string;
  readonly operationId: string;
  readonly dueAt: string;
}

/** The kind of operation that each kind of schedule begins. */
export const operationOf = { BACKUP: "BACKUP", RESTORE: "RESTORE", VERIFICATION: "VERIFICATION" } as const satisfies Record<
  ScheduleKind,
  OperationKind
>;
