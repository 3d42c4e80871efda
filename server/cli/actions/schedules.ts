import type { BackupType } from "../../../shared/enums.ts";
import { badInput } from "../../domain/errors.ts";
import { confirm } from "../asking.ts";
import * as documents from "../documents/schedules.ts";
import { answer, table } from "../output.ts";
import type { Session } from "../session.ts";
import { relative, when } from "../times.ts";
import { allOf, sourceOf } from "./chosen.ts";
import { existing } from "./scheduled.ts";
import { idsOfStorages } from "./storages.ts";

/** list-schedules. */
export async function list(session: Session): Promise<void> {
  const { schedules } = await session.holdfast.ask<{ schedules: readonly documents.Schedule[] }>(documents.schedulesDocument);
  const now = new Date();
  const rows = schedules.map((one) => [
    one.id,
    one.name,
    one.kind.toLowerCase(),
    one.description,
    one.active ? relative(one.nextRunAt, now) : "paused",
    relative(one.lastRunAt, now),
    one.health.toLowerCase(),
  ]);
  const text =
    rows.length === 0
      ? "There is no schedule yet. Make one with `npx holdfast create-schedule`."
      : table(["ID", "NAME", "KIND", "WHEN", "NEXT", "LAST", "HEALTH"], rows, session.output.color);
  answer(session, { schedules }, text);
}

/** show-schedule. */
export async function show(session: Session, id: string): Promise<void> {
  const schedule = await existing(session, id);
  answer(session, schedule, portrayed(schedule));
}

function portrayed(schedule: documents.ShownSchedule): string {
  const { name, kind, description, active, pausedReason, health, source, storage, targetSource, retention, nextRuns, runs } = schedule;
  const limits = Object.entries(retention).flatMap(([limit, value]) => (value === null ? [] : [`${limit} ${value}`]));
  const lines = [
    name,
    description,
    `${kind.toLowerCase()} of ${source.name}${targetSource ? ` into ${targetSource.name}` : kind === "BACKUP" ? ` on ${storage.name}` : ""}`,
    active ? `active, ${health.toLowerCase()}` : `paused${pausedReason ? `: ${pausedReason}` : ""}`,
  ];
  if (kind === "BACKUP") lines.push(`keeps: ${limits.join(", ") || "all"}`);
  if (nextRuns.length > 0) lines.push("next (UTC):", ...nextRuns.map((at) => `  ${when(at)}`));
  const rows = runs.map((run) => [
    when(run.dueAt),
    run.cause.toLowerCase(),
    run.state.toLowerCase(),
    run.operationId ?? "",
    run.message ?? "",
  ]);
  if (rows.length > 0) lines.push(table(["DUE (UTC)", "CAUSE", "STATE", "OPERATION", "WHY"], rows));
  return lines.join("\n");
}

export interface ScheduleOptions {
  readonly name: string;
  readonly kind: string;
  readonly at?: string;
  readonly weekday?: number;
  readonly dayOfMonth?: number;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly source?: string;
  readonly storage?: readonly string[];
  readonly encrypt?: boolean;
  readonly engine?: string;
  readonly mediaMode?: string;
  readonly type?: string;
  readonly target?: string;
  readonly mode?: string;
  readonly level?: string;
  readonly verifyAfter?: string;
  readonly days?: number;
  readonly keepLast?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly keepMonthly?: number;
  readonly keepYearly?: number;
  readonly missed: string;
  readonly grace?: number;
  readonly overlap: string;
  readonly jitter?: number;
  readonly quiet?: string;
  readonly retries?: number;
  readonly paused?: boolean;
}

/** create-schedule. */
export async function create(session: Session, options: ScheduleOptions): Promise<void> {
  const source = await sourceOf(session, options.source);
  const { settings } = await session.holdfast.ask<{ settings: { timeZone: string } }>(documents.timeZoneDocument);
  const input = {
    name: options.name,
    kind: options.kind.toUpperCase(),
    ...recurrenceOf(options),
    timeZone: options.timeZone ?? settings.timeZone,
    backupType: (options.type?.toUpperCase() as BackupType | undefined) ?? allOf(source),
    sourceId: source.id,
    storageIds: await idsOfStorages(session, options.storage),
    encrypt: options.encrypt,
    databaseEngine: options.engine?.toUpperCase(),
    mediaMode: options.mediaMode?.toUpperCase(),
    targetSourceId: options.target,
    restoreMode: options.mode?.toUpperCase(),
    level: options.level?.toUpperCase(),
    verifyAfter: options.verifyAfter?.toUpperCase(),
    retention: retentionOf(options),
    missedRuns: options.missed.toUpperCase().replace("-", "_"),
    graceMinutes: options.grace,
    overlap: options.overlap.toUpperCase(),
    jitterSeconds: options.jitter,
    quietHours: quietHoursOf(options.quiet),
    retries: options.retries,
    active: !options.paused,
  };
  const { createSchedule } = await session.holdfast.ask<{ createSchedule: documents.Schedule }>(documents.createScheduleDocument, {
    input,
  });
  const next = createSchedule.nextRunAt ? ` Next: ${when(createSchedule.nextRunAt)} UTC.` : "";
  answer(session, createSchedule, `${createSchedule.name} (${createSchedule.id})\n${createSchedule.description}${next}`);
}

/** The frequency is what the given times make it. */
function recurrenceOf({ cron, weekday, dayOfMonth, at }: ScheduleOptions) {
  const given = [cron, weekday, dayOfMonth].filter((one) => one !== undefined).length;
  if (given > 1) throw badInput("Only one of --cron, --weekday and --day-of-month can be given.");
  if (cron !== undefined) {
    if (at !== undefined) throw badInput("A cron expression holds its own time.", "Leave --at out.");
    return { frequency: "CRON", cron };
  }
  if (at === undefined)
    throw badInput("When is it due?", "Give --at HH:MM, with --weekday or --day-of-month where it is not daily; or --cron.");
  if (weekday !== undefined) return { frequency: "WEEKLY", timeOfDay: at, dayOfWeek: weekday };
  return dayOfMonth !== undefined ? { frequency: "MONTHLY", timeOfDay: at, dayOfMonth } : { frequency: "DAILY", timeOfDay: at };
}

function retentionOf({ days, keepLast, keepDaily, keepWeekly, keepMonthly, keepYearly }: ScheduleOptions) {
  const limits = { days, keepLast, keepDaily, keepWeekly, keepMonthly, keepYearly };
  return Object.values(limits).some((limit) => limit !== undefined) ? limits : undefined;
}

function quietHoursOf(text: string | undefined) {
  if (text === undefined) return undefined;
  const { from, to } = /^(?<from>\d\d:\d\d)-(?<to>\d\d:\d\d)$/.exec(text)?.groups ?? {};
  if (!from || !to) throw badInput(`${text} are no quiet hours.`, "Write them as 08:00-18:00.");
  return { from, to };
}

/** pause-schedule and resume-schedule. */
export async function toggle(session: Session, id: string, active: boolean): Promise<void> {
  const { toggleSchedule } = await session.holdfast.ask<{ toggleSchedule: documents.Schedule }>(documents.toggleScheduleDocument, {
    id,
    active,
  });
  const { name, nextRunAt } = toggleSchedule;
  answer(session, toggleSchedule, active ? `${name} goes on. Next: ${when(nextRunAt)} UTC.` : `${name} is paused.`);
}

/** delete-schedule. */
export async function remove(session: Session, id: string, { yes }: { readonly yes?: boolean }): Promise<void> {
  const { name } = await existing(session, id);
  if (!yes) await confirm(session, `${name} is deleted; its backups stay.`, name);
  await session.holdfast.ask(documents.deleteScheduleDocument, { id });
  answer(session, { id, deleted: true }, `Deleted ${name}.`);
}
