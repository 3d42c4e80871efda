import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { baseline, dumpBytes } from "./baseline.ts";
import { catalogTimes } from "./catalog.ts";
import { drillTimes } from "./drill.ts";
import { frames } from "./frames.ts";
import { type Contender, interleave } from "./measure.ts";
import { oneTable } from "./one-table.ts";
import { checkout } from "./process.ts";
import { secondsToReady } from "./ready.ts";
import { rebuildTimes } from "./rebuild.ts";
import { type Findings, table } from "./report.ts";
import { scheduleTimes } from "./schedules.ts";
import { storingTimes } from "./storing.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

const usage = `npm run bench -- [--json FILE] [--size MB] [--rounds N] [--only backup|ready|catalog|schedules|rebuild] [--engine] [--keep FOLDER]
  --json FILE    write the findings there as well
  --size MB      of dump text in the generated database; 1000 when left out
  --rounds N     how often each is measured; 5 when left out
  --only NAME    backup, ready, catalog, schedules or rebuild: measure only that
  --engine       measure the engine without the server, too
  --keep FOLDER  keep the generated database there for the next run`;

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    size: { type: "string", default: "1000" },
    rounds: { type: "string", default: "5" },
    only: { type: "string" },
    engine: { type: "boolean", default: false },
    keep: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const [megabytes, rounds] = [Number(values.size), Number(values.rounds)];
if (
  values.help ||
  !(megabytes > 0) ||
  !(rounds > 0) ||
  (values.only && !["backup", "ready", "catalog", "schedules", "rebuild"].includes(values.only))
) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

const interrupted = new AbortController();
const { signal } = interrupted;
// What was begun is stopped and removed on the way out; a second Ctrl-C changes nothing.
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => interrupted.abort());
const say = (line: string) => console.error(line);
const built = existsSync(join(checkout, "dist/server/main.js"));

try {
  const findings = await measure();
  console.log(`\n${table(findings)}`);
  if (values.json) await writeFile(values.json, `${JSON.stringify(findings, null, 2)}\n`);
} catch (error) {
  if (!signal.aborted) throw error;
  say("Interrupted; everything made is removed.");
  process.exitCode = 130;
}

async function measure(): Promise<Findings> {
  const machine = { cpus: cpus().length, memory: totalmem(), load: loadavg()[0] ?? 0 };
  const wanted = (name: string) => !values.only || values.only === name;
  const backup = wanted("backup") ? await measureBackup() : undefined;
  const ready = wanted("ready") && built ? { ...(await secondsToReady(rounds, signal)), goal: 3 } : undefined;
  const catalog = wanted("catalog") && built ? await catalogTimes(signal, say) : undefined;
  const schedules = wanted("schedules") && built ? await scheduleTimes(signal, say) : undefined;
  const rebuild = wanted("rebuild") && built ? await rebuildTimes(signal, say) : undefined;
  const measured = {
    ...(backup && { backup }),
    ...(ready && { ready }),
    ...(catalog && { catalog }),
    ...(schedules && { schedules }),
    ...(rebuild && { rebuild }),
  };
  return { at: new Date().toISOString(), machine, ...measured };
}

async function measureBackup(): Promise<NonNullable<Findings["backup"]>> {
  say(`Preparing a database of ${megabytes} MB; a minute or two for 1000.`);
  await using place = await openWorkplace({ megabytes, keep: values.keep ?? null, signal, say });
  const text = await dumpBytes(place, signal);
  await using stack = new AsyncDisposableStack();
  const contenders: Contender[] = [baseline(place), await frames(place), ...(await ours(place, stack))];
  const measured = await interleave(contenders, rounds, signal, say);
  const [base, framed, whole] = measured.map(({ median }) => median);
  const ratioTo = (seconds: number | undefined) => (seconds ?? Number.NaN) / (base ?? Number.NaN);
  const goals = { goal: 1.2, frameGoal: 1.15, tableGoal: 1.01 };
  const table = await oneTable(place, megabytes / 10, signal);
  return {
    dumpBytes: text,
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
async function ours(place: Workplace, stack: AsyncDisposableStack): Promise<Contender[]> {
  const contenders: Contender[] = [];
  if (built) contenders.push(stack.use(await (await import("./holdfast.ts")).holdfast(place, signal)));
  if (values.engine || !built) contenders.push(await (await import("./engine.ts")).engine(place));
  return contenders;
}
