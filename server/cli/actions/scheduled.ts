import { Failure, notFound } from "../../domain/errors.ts";
import type { ScheduleId } from "../../domain/ids.ts";
import { confirm } from "../asking.ts";
import * as documents from "../documents/schedules.ts";
import { answer, table } from "../output.ts";
import { runShown } from "../running.ts";
import type { Session } from "../session.ts";
import { when } from "../times.ts";
import { followed, performed } from "./verification.ts";

export interface ScheduledOptions {
  readonly force?: boolean;
  readonly scheduleId?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** run-scheduled-backups: what is due, or with force what is named; exit status 1 when one of them failed. */
export async function runScheduled(session: Session, options: ScheduledOptions): Promise<void> {
  const { scheduleId = null, force = false } = options;
  if (scheduleId) await existing(session, scheduleId);
  if (options.dryRun) return foretell(session, scheduleId, force);
  const results = force ? await forced(session, scheduleId, options) : await due(session, scheduleId as ScheduleId | null);
  if (results.some(({ ok }) => !ok)) process.exitCode = 1;
  const text = results.length === 0 ? "Nothing is due." : results.map(sentenceOf).join("\n");
  answer(session, { runs: results }, text);
}

interface Result {
  readonly scheduleId: string;
  readonly schedule: string;
  readonly kind: string;
  readonly dueAt: string | null;
  readonly operationId: string | null;
  readonly ok: boolean;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null;
}

const sentenceOf = ({ schedule, kind, operationId, ok, error }: Result) =>
  ok
    ? `${schedule}: ${kind.toLowerCase()} complete (${operationId})`
    : `${schedule}: ${kind.toLowerCase()} failed: ${error?.message ?? ""}`;

/** Claims what is due as the server does, so that no time is run twice, and carries it out; then whatever else of a schedule waits. */
async function due(session: Session, only: ScheduleId | null): Promise<Result[]> {
  const { services, actor, upkeep } = session.holdfast.own("What is due is run by the server; else it is run");
  // With no server up, nobody else puts right what a crash left behind.
  await upkeep();
  const results: Result[] = [];
  const seen = new Set<string>();
  for (let round = await begun(); round.length > 0 && !session.signal.aborted; round = await begun())
    for (const one of round) {
      seen.add(one.operationId);
      results.push(await carriedOut(session, one));
    }
  return results;

  async function begun(): Promise<documents.Begun[]> {
    const waiting = new Set((await services.operations.waiting()).map(({ id }) => id as string));
    const started = (await services.scheduleRuns.startDue(actor, only)).map(({ schedule, run }) => ({ schedule, run }));
    const schedules = new Map((await services.schedules.list(actor)).map((schedule) => [schedule.id as string, schedule]));
    // What was begun and waits still: by a command that was killed, or at the end of an operation that it waited for.
    const left = (await services.scheduleRuns.runs(actor, only, 200)).flatMap((run) => {
      const schedule = schedules.get(run.scheduleId);
      return schedule && run.state === "STARTED" && run.operationId && waiting.has(run.operationId) ? [{ schedule, run }] : [];
    });
    const all = [...started, ...left].map(({ schedule, run }) => ({
      schedule: { id: schedule.id, name: schedule.name, kind: schedule.kind },
      runId: run.id,
      operationId: run.operationId ?? "",
      dueAt: run.dueAt.toISOString(),
    }));
    return [...new Map(all.map((one) => [one.operationId, one])).values()].filter(({ operationId }) => !seen.has(operationId));
  }
}

/** Runs the named schedule, or every active one, whether it is due or not. */
async function forced(session: Session, scheduleId: string | null, { yes }: ScheduledOptions): Promise<Result[]> {
  const { schedules } = await session.holdfast.ask<{ schedules: readonly documents.Schedule[] }>(documents.schedulesDocument);
  const chosen = scheduleId ? schedules.filter(({ id }) => id === scheduleId) : schedules.filter(({ active }) => active);
  if (!scheduleId && !yes && session.canAsk && chosen.length > 0)
    await confirm(session, `All active schedules run now:\n${chosen.map(({ name }) => `  ${name}`).join("\n")}`, "yes");
  const results: Result[] = [];
  for (const schedule of chosen) {
    if (session.signal.aborted) break;
    const one = await beginNow(session, schedule);
    results.push("error" in one ? one : await carriedOut(session, one));
  }
  return results;
}

async function beginNow({ holdfast }: Session, schedule: documents.Schedule): Promise<documents.Begun | Result> {
  const { id, name, kind } = schedule;
  try {
    await holdfast.ask(documents.runScheduleDocument, { id });
    const { schedule: now } = await holdfast.ask<{ schedule: documents.ShownSchedule | null }>(documents.scheduleDocument, { id });
    const run = now?.runs.find(({ cause, operationId }) => cause === "MANUAL" && operationId);
    if (!run?.operationId) throw new Failure("INTERNAL", "What it began cannot be found.");
    return { schedule: { id, name, kind }, runId: run.id, operationId: run.operationId, dueAt: run.dueAt };
  } catch (error) {
    return resultOf({ schedule, operationId: null, dueAt: null }, error);
  }
}

async function carriedOut(session: Session, one: documents.Begun): Promise<Result> {
  process.stderr.write(`${one.schedule.name}\n`);
  try {
    await runShown(session, documents.operationOf[one.schedule.kind], one.operationId);
    const verification = one.schedule.kind === "BACKUP" ? await followed(session, one.operationId) : null;
    if (verification && !(await performed(session, verification)).passed)
      throw new Failure("ARTIFACT_CORRUPT", "It is complete, and did not pass its verification.", "Look at it with show-backup.");
    return resultOf(one, null);
  } catch (error) {
    return resultOf(one, error);
  }
}

function resultOf(
  { schedule, operationId, dueAt }: { schedule: documents.Begun["schedule"]; operationId: string | null; dueAt: string | null },
  error: unknown,
): Result {
  if (error !== null && !(error instanceof Failure)) throw error;
  const told = error && { code: error.code, message: error.message, hint: error.hint ?? null };
  return { scheduleId: schedule.id, schedule: schedule.name, kind: schedule.kind, dueAt, operationId, ok: error === null, error: told };
}

interface Foretold {
  readonly scheduleId: string;
  readonly schedule: string;
  readonly kind: string;
  readonly dueAt: string;
  readonly skipped: boolean;
  readonly message: string | null;
}

/** What would be run now. */
async function foretell(session: Session, scheduleId: string | null, force: boolean): Promise<void> {
  const would = force ? await wouldForce(session, scheduleId) : await wouldRun(session, scheduleId);
  const rows = would.map((one) => [
    one.schedule,
    one.kind.toLowerCase(),
    when(one.dueAt),
    one.skipped ? "is skipped" : "would run",
    one.message ?? "",
  ]);
  answer(
    session,
    { dryRun: true, runs: would },
    rows.length === 0 ? "Nothing is due." : table(["SCHEDULE", "KIND", "DUE (UTC)", "", "WHY"], rows),
  );
}

async function wouldRun(session: Session, scheduleId: string | null): Promise<Foretold[]> {
  const { services, actor } = session.holdfast.own("What is due is told");
  return (await services.scheduleRuns.due(actor))
    .filter(({ schedule }) => scheduleId === null || schedule.id === scheduleId)
    .map(({ schedule, dueAt, state, message }) => ({
      scheduleId: schedule.id,
      schedule: schedule.name,
      kind: schedule.kind,
      dueAt: dueAt.toISOString(),
      skipped: state === "SKIPPED",
      message,
    }));
}

async function wouldForce({ holdfast }: Session, scheduleId: string | null): Promise<Foretold[]> {
  const { schedules } = await holdfast.ask<{ schedules: readonly documents.Schedule[] }>(documents.schedulesDocument);
  return schedules
    .filter(({ id, active }) => (scheduleId ? id === scheduleId : active))
    .map(({ id, name, kind }) => ({
      scheduleId: id,
      schedule: name,
      kind,
      dueAt: new Date().toISOString(),
      skipped: false,
      message: null,
    }));
}

/** The schedule of this id; throws NOT_FOUND. */
export async function existing({ holdfast }: Session, id: string): Promise<documents.ShownSchedule> {
  const { schedule } = await holdfast.ask<{ schedule: documents.ShownSchedule | null }>(documents.scheduleDocument, { id });
  if (!schedule) throw notFound("schedule", id);
  return schedule;
}
