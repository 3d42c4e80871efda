import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatPage } from "./page-text.ts";
import { plot } from "./plot.ts";
import { checkout } from "./process.ts";
import type { Findings } from "./report.ts";

// node test/bench/page.ts FINDINGS.json [--to FOLDER]: writes performance.md and its plot, into docs when no folder is named.
const { values, positionals } = parseArgs({ allowPositionals: true, options: { to: { type: "string", default: join(checkout, "docs") } } });
const [file] = positionals;
if (!file || positionals.length > 1) {
  console.error("node test/bench/page.ts FINDINGS.json [--to FOLDER]");
  process.exit(2);
}
// Written by main.ts's own --json.
const findings = JSON.parse(await readFile(file, "utf8")) as Findings;
await writeFile(join(values.to, "performance.md"), formatPage(findings));
await writeFile(
  join(values.to, "performance.svg"),
  plot(findings.races, (name) => name.startsWith("Holdfast")),
);
