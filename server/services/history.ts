import type { Db } from "../db/client.ts";
import { forgetting } from "../db/history.ts";
import { readMark, writeMark } from "../db/marks.ts";
import type { SettingValues } from "../domain/settings.ts";
import type { ClockWatch } from "./clock-watch.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly settings: { current(): Promise<SettingValues> };
  readonly clock: Pick<ClockWatch, "state">;
  readonly now: () => Date;
}

export type History = ReturnType<typeof createHistory>;

/** So few at once that nobody waits for the table; so often that a backlog of years goes in a few days. */
const most = 500;
const batches = 50;

/** Forgets what is older than the settings keep: failures, runs, deliveries, and the logs of what is gone. */
export const createHistory = ({ catalog, settings, clock, now }: Dependencies) => ({
  /** Once a day, and not while the clock cannot be trusted. */
  async upkeep(): Promise<void> {
    const at = now();
    const day = at.toISOString().slice(0, 10);
    if ((await readMark<string>(catalog, mark)) === day || (await clock.state()).paused !== null) return;
    const before = new Date(at.getTime() - (await settings.current()).historyDays * 86_400_000);
    for (const forget of forgetting)
      for (let batch = 0; batch < batches; batch += 1) if ((await forget(catalog, before, most)) < most) break;
    await writeMark(catalog, mark, day);
  },
});

const mark = "history.daily";
