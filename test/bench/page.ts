import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatPage, together } from "./page-text.ts";
import { plot } from "./plot.ts";
import { checkout } from "./process.ts";
import type { Findings } from "./report.ts";

const usage = "node test/bench/page.ts FINDINGS.json ... [--to FOLDER]";
// Writes performance.md and its plot, into docs when no folder is named. Of several runs, such as one with a larger database for its
// memory, the first one's machine is told, and a race stands as the last of them found it.
const { values, positionals } = parseArgs({ allowPositionals: true, options: { to: { type: "string", default: join(checkout, "docs") } } });
// Written by main.ts's own --json.
const runs = await Promise.all(positionals.map(async (file) => JSON.parse(await readFile(file, "utf8")) as Findings));
if (runs.length === 0) {
  console.error(usage);
  process.exit(2);
}
const findings = together(runs);
await writeFile(join(values.to, "performance.md"), formatPage(findings));
await writeFile(
  join(values.to, "performance.svg"),
  plot(findings.races, (name) => name.startsWith("Holdfast")),
);
