import type { Db } from "../../db/client.ts";
import { listSchedules, type ScheduleRow } from "../../db/schedules.ts";
import type { HealthCheck } from "../../domain/health.ts";
import type { Schedules } from "../schedules.ts";
import { about, type HealthGroup } from "./look.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly schedules: Pick<Schedules, "healths">;
}

/** How schedules fare; those that somebody paused are his business. */
export const scheduleHealth = ({ catalog, schedules }: Dependencies): HealthGroup => ({
  name: "schedules",
  looks: async () => {
    const rows = await listSchedules(catalog);
    if (rows.length === 0) return [];
    const healths = new Map((await schedules.healths(rows.map(({ id }) => id))).map(({ id, health }) => [id, health]));
    return rows.map((row) => ({
      ...{ check: "schedule.runs", ...subjectOf(row) },
      look: async () => checkOf(row, healths.get(row.id) ?? "WAITING"),
    }));
  },
});

const subjectOf = ({ id, name }: ScheduleRow) => ({ subject: `Schedule ${name}`, subjectId: id, place: `/schedules/${id}` });

function checkOf(row: ScheduleRow, health: Awaited<ReturnType<Schedules["healths"]>>[number]["health"]): HealthCheck[] {
  const say = about(subjectOf(row));
  const command = `npx holdfast show-schedule ${row.id}`;
  switch (health) {
    case "PAUSED":
      if (row.pausedReason === null) return [];
      return [say("schedule.paused", "ERROR", `Holdfast paused it: ${row.pausedReason}`, { hint: "Mend that, and let it go on." })];
    case "MISSED":
      return [
        say("schedule.missed", "WARNING", "It missed a run: Holdfast was not running when it was due, or nobody took it up.", {
          hint: "Keep Holdfast running as a service. The next run that completes makes this good.",
          command: "npx holdfast run-scheduled-backups",
        }),
      ];
    case "FAILING":
      return [say("schedule.failing", "ERROR", "Its last run failed.", { hint: "Its runs tell why.", command })];
    case "WAITING":
      return [say("schedule.runs", "GOOD", "None of its runs has ended yet.")];
    case "GOOD":
      return [say("schedule.runs", "GOOD", "Its last run completed.")];
    default:
      throw health satisfies never;
  }
}
