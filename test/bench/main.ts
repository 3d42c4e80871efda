import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { aboutMachine } from "./machine.ts";
import { measureParts, type PartName, partNames } from "./parts.ts";
import { findPeers } from "./peers.ts";
import { checkout } from "./process.ts";
import { table } from "./report.ts";
import { newKey } from "./worker.ts";

const usage = `npm run bench -- [--json FILE] [--size MB] [--rounds N] [--only NAME,NAME] [--source] [--engine] [--keep FOLDER]
  --json FILE    write the findings there as well; "node test/bench/page.ts FILE..." makes docs/performance.md of them
  --size MB      of dump text in the generated database, and as much again and a third in the generated media; 1000 when left out
  --rounds N     how often each is measured; 5 when left out
  --only NAMES   measure only these: ${partNames.join(", ")}
  --source       measure the TypeScript as it is, not the build of it
  --engine       with "backup": measure the engine without the server, too
  --keep FOLDER  keep the generated database there for the next run`;

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    size: { type: "string", default: "1000" },
    rounds: { type: "string", default: "5" },
    only: { type: "string" },
    source: { type: "boolean", default: false },
    engine: { type: "boolean", default: false },
    keep: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const [megabytes, rounds] = [Number(values.size), Number(values.rounds)];
const isPart = (name: string): name is PartName => partNames.some((part) => part === name);
const wanted = values.only?.split(",") ?? partNames;
if (values.help || !(megabytes > 0) || !(rounds > 0) || !wanted.every(isPart)) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

const interrupted = new AbortController();
const { signal } = interrupted;
// What was begun is stopped and removed on the way out; a second Ctrl-C changes nothing.
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => interrupted.abort());
const say = (line: string) => console.error(line);
const built = existsSync(join(checkout, "dist/server/main.js"));
const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));

try {
  const [at, load] = [new Date().toISOString(), loadavg()[0] ?? 0];
  const start = {
    form: values.source || !built ? "source" : "built",
    key: await newKey(),
    peers: await findPeers(say),
    rounds,
    signal,
    say,
  } as const;
  const wishes = { ...start, folder, megabytes, built, keep: values.keep ?? null, withEngine: values.engine };
  const measured = await measureParts(wanted.filter(isPart), wishes);
  const findings = { at, machine: { ...(await aboutMachine()), load }, megabytes, rounds, form: start.form, ...measured };
  console.log(`\n${table(findings)}`);
  for (const failure of findings.failures) say(failure);
  if (findings.failures.length) process.exitCode = 1;
  if (values.json) await writeFile(values.json, `${JSON.stringify(findings, null, 2)}\n`);
} catch (error) {
  if (!signal.aborted) throw error;
  say("Interrupted; everything made is removed.");
  process.exitCode = 130;
} finally {
  await rm(folder, { recursive: true, force: true });
}
