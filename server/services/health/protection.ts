import { formatCount, formatDuration } from "../../../shared/format.ts";
import { listSchedulesOf, newestGood } from "../../db/alert-history.ts";
import { type AlertRow, listRaised } from "../../db/alerts.ts";
import { countFailedSince, newestBackup } from "../../db/backups.ts";
import type { Db } from "../../db/client.ts";
import { listSources, type SourceRow } from "../../db/sources.ts";
import type { Standing } from "../../db/statistics.ts";
import type { HealthCheck } from "../../domain/health.ts";
import { isOverdue, lastGoodOf } from "../../domain/overdue.ts";
import type { SettingValues } from "../../domain/settings.ts";
import { ageSeconds, targetSeconds } from "../../domain/statistics.ts";
import type { KeptBackups } from "../kept-backups.ts";
import { about, type HealthGroup, type Say } from "./look.ts";
import { sourceSubject } from "./sources.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly settings: { current(): Promise<SettingValues> };
  readonly kept: Pick<KeptBackups, "standing">;
  readonly now: () => Date;
}

interface View {
  readonly at: Date;
  readonly settings: SettingValues;
  readonly standing: Standing | undefined;
  /** What is told of the source already. */
  readonly raised: readonly AlertRow[];
}

/** How well each source is protected, by what the catalog knows of its backups. */
export const protectionHealth = ({ catalog, settings, kept, now }: Dependencies): HealthGroup => ({
  name: "protection",
  looks: async () => {
    const [sources, standing, raised, values] = await Promise.all([
      listSources(catalog),
      kept.standing(),
      listRaised(catalog),
      settings.current(),
    ]);
    return sources.map((row) => {
      const own = raised.filter(({ subject }) => subject === `source:${row.id}`);
      const view = { at: now(), settings: values, standing: standing.get(row.id), raised: own };
      return { check: "source.backup", ...sourceSubject(row), look: () => checksOf(catalog, row, view) };
    });
  },
});

async function checksOf(db: Db, row: SourceRow, view: View): Promise<HealthCheck[]> {
  const say = about(sourceSubject(row));
  const schedules = (await listSchedulesOf(db, row.id)).filter(({ kind }) => kind === "BACKUP");
  const active = schedules.filter((schedule) => schedule.active);
  return [
    ...(active.length > 0 ? [] : [noSchedule(row, schedules.length, say)]),
    ...(await failures(db, row, say)),
    ...(await age(db, row, active, view, say)),
    ...proof(row, view, say),
  ];
}

function noSchedule({ id }: SourceRow, paused: number, say: Say): HealthCheck {
  if (paused > 0)
    return say(
      "source.schedule",
      "WARNING",
      paused === 1
        ? "Its schedule is paused: no backup is taken by itself."
        : "All its schedules are paused: no backup is taken by itself.",
      {
        hint: "Let one go on.",
        place: "/schedules",
      },
    );
  return say("source.schedule", "WARNING", "It has no schedule: no backup is taken by itself.", {
    hint: "Make one: every night, for example.",
    place: "/schedules/new",
    command: `npx holdfast create-schedule --name "Every night" --at 03:00 --source ${id}`,
  });
}

async function failures(db: Db, { id }: SourceRow, say: Say): Promise<HealthCheck[]> {
  const latest = await newestBackup(db, id, {});
  if (latest?.status !== "FAILED") return [];
  const count = await countFailedSince(db, id, (await newestBackup(db, id, { completed: true }))?.createdAt ?? null);
  const which = count > 1 ? `The last ${count} backups failed` : "The last backup failed";
  return [
    say("source.failing", "ERROR", `${which}: ${latest.errorMessage ?? "no reason is known"}`, {
      hint: latest.errorHint,
      place: `/backups/${latest.id}`,
    }),
  ];
}

async function age(
  db: Db,
  row: SourceRow,
  schedules: readonly { readonly nextRunAt: Date | null; readonly lastRunAt: Date | null }[],
  { at, settings }: View,
  say: Say,
): Promise<HealthCheck[]> {
  const lastGoodAt = lastGoodOf(await newestGood(db, row.id));
  const command = `npx holdfast create-backup --source ${row.id}`;
  const place = "/backups/new";
  if (lastGoodAt === null)
    return [say("source.backup", "WARNING", "It has no good backup yet.", { hint: "Take one now.", place, command })];
  const seconds = ageSeconds(lastGoodAt, at) ?? 0;
  const targetHours = row.targetBackupAgeHours ?? settings.targetBackupAgeHours;
  const overdue = isOverdue(
    { lastGoodAt, addedAt: row.createdAt, ownTargetHours: row.targetBackupAgeHours, targetHours: settings.targetBackupAgeHours, schedules },
    at,
  );
  if (overdue)
    return [
      say(
        "source.backup",
        "ERROR",
        `Its newest good backup is ${formatDuration(seconds)} old; it may be ${formatCount(targetHours ?? 0, "hour")} at most.`,
        {
          hint: "Take one now, and look at why its schedules did not.",
          ...{ place, command },
        },
      ),
    ];
  return [say("source.backup", "GOOD", `Its newest good backup is ${formatDuration(seconds)} old.`)];
}

function proof(row: SourceRow, { at, settings, standing, raised }: View, say: Say): HealthCheck[] {
  const damaged = raised.find(({ event }) => event === "VERIFICATION_FAILED");
  if (damaged)
    return [
      say("source.proven", "ERROR", `${damaged.details?.title ?? "Its last verification did not pass"}.`, {
        hint: "Look at what was found, take a new backup, and prove that one.",
        place: damaged.details?.path ?? null,
      }),
    ];
  if (!standing?.lastBackupAt) return [];
  const mending = {
    hint: "A backup is known to be good when a drill has restored it. A schedule of drills keeps it so.",
    place: "/schedules/new",
    command: `npx holdfast create-schedule --name "Weekly drill" --kind verification --level restore --weekday 0 --at 05:00 --source ${row.id}`,
  };
  if (!standing.lastProvenAt) return [say("source.proven", "WARNING", "None of its backups was ever proven by a drill.", mending)];
  const seconds = ageSeconds(standing.lastProvenAt, at) ?? 0;
  const target = targetSeconds(row.targetProofAgeHours, settings.targetProofAgeHours);
  const message = `Its newest proven backup is ${formatDuration(seconds)} old`;
  if (target === null || seconds <= target) return [say("source.proven", "GOOD", `${message}.`)];
  return [say("source.proven", "WARNING", `${message}; it may be ${formatDuration(target)} at most.`, mending)];
}
