import { baseline } from "./baseline.ts";
import { drillTimes } from "./drill.ts";
import { frames } from "./frames.ts";
import { type Contender, interleave } from "./measure.ts";
import { oneTable } from "./one-table.ts";
import type { Wishes } from "./parts.ts";
import type { BackupFindings } from "./report.ts";
import { storingTimes } from "./storing.ts";
import type { Workplace } from "./workplace.ts";

/** Backups through the real server and its API, and what its parts cost. */
export async function measureServerBackup(place: Workplace, bytes: number, wishes: Wishes): Promise<BackupFindings> {
  const { rounds, signal, say, megabytes } = wishes;
  await using stack = new AsyncDisposableStack();
  const contenders: Contender[] = [baseline(place), await frames(place), ...(await ours(place, wishes, stack))];
  const measured = await interleave(contenders, rounds, signal, say);
  const [base, framed, whole] = measured.map(({ median }) => median);
  const ratioTo = (seconds: number | undefined) => (seconds ?? Number.NaN) / (base ?? Number.NaN);
  const goals = { goal: 1.2, frameGoal: 1.15, tableGoal: 1.01 };
  const table = await oneTable(place, megabytes / 10, signal);
  return {
    dumpBytes: bytes,
    ...goals,
    ratio: ratioTo(whole),
    frameRatio: ratioTo(framed),
    oneTable: table,
    drill: await drillTimes(place, signal),
    storing: await storingTimes(place, rounds, signal, say),
    contenders: measured,
  };
}

/** The server first where it is built, since the ratio is its; what is not needed is not even loaded. */
async function ours(place: Workplace, { built, withEngine, signal }: Wishes, stack: AsyncDisposableStack): Promise<Contender[]> {
  const contenders: Contender[] = [];
  if (built) contenders.push(stack.use(await (await import("./holdfast.ts")).holdfast(place, signal)));
  if (withEngine || !built) contenders.push(await (await import("./engine.ts")).engine(place));
  return contenders;
}
