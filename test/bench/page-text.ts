import { formatBytes } from "../../shared/format.ts";
import { shownValue, tableOf, verdictOf } from "./race-table.ts";
import type { Race } from "./races.ts";
import { type Findings, furtherLines } from "./report.ts";

/** What several runs found: a race as the last of them has it, of which an earlier run may have broken it off; all else as the first has it. */
export function together(runs: readonly Findings[]): Findings {
  const races = new Map(runs.flatMap((run) => run.races.map((race) => [race.name, race])));
  const isMadeUpFor = (failure: string, later: readonly Findings[]) =>
    later.some((run) => run.races.some(({ name }) => failure.startsWith(`${name}: `)));
  const failures = runs.flatMap((run, at) => run.failures.filter((failure) => !isMadeUpFor(failure, runs.slice(at + 1))));
  return { ...Object.assign({}, ...runs.toReversed()), races: [...races.values()], failures };
}

/** docs/performance.md of what a run found. */
export function formatPage(findings: Findings): string {
  const { races, at, machine, rounds, failures } = findings;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const further = furtherLines(findings);
  return [
    "# Performance",
    "",
    `Holdfast beside the tools that one would use without it: measured in turn, each table in one run of \`npm run bench\`, on ${at.slice(0, 10)}.`,
    "This page is written by `node test/bench/page.ts` from the figures of these; do not edit it by hand.",
    "",
    `- Machine: ${machine.cpus} processors (${machine.cpu}), ${formatBytes(machine.memory)} of memory, ${machine.system}.`,
    `- Versions: ${versions.join(", ")}.`,
    `- Data: a generated database, told by the size of its dump's text, and generated media; how much stands in the headings. ${rounds} rounds.`,
    "",
    "![Wall seconds beside other tools](performance.svg)",
    "",
    "## The bars",
    "",
    "A ratio is our median to theirs, so less is better; in brackets the least and the most of the rounds taken one by one.",
    "",
    ...markdown([["", "beside", "found", "at most", ""], ...races.flatMap(barRows)]),
    "",
    ...races.flatMap(section),
    ...(failures.length ? ["## Broken off", "", ...failures.map((failure) => `- ${failure.split("\n")[0]}`), ""] : []),
    ...(further.length ? ["## Other goals", "", "```", ...further, "```", ""] : []),
    ...method,
  ].join("\n");
}

const barRows = ({ bars }: Race): string[][] =>
  bars.map((bar) => [
    bar.what,
    bar.beside,
    `${shownValue(bar.value, bar)} (${shownValue(bar.least, bar)} - ${shownValue(bar.most, bar)})`,
    bar.bar === null ? "" : shownValue(bar.bar, bar),
    verdictOf(bar),
  ]);

function section(race: Race): string[] {
  const of = race.bytes === null ? "" : `, ${formatBytes(race.bytes)}`;
  return [
    `## ${race.title}${of}`,
    "",
    ...markdown(tableOf(race)),
    "",
    ...race.notes.map((note) => `- ${note}`),
    ...(race.notes.length ? [""] : []),
  ];
}

function markdown([heading = [], ...rows]: readonly (readonly string[])[]): string[] {
  // A pipe within a cell would end it.
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heading), `|${heading.map(() => " --- ").join("|")}|`, ...rows.map(line)];
}

const method = [
  "## How it is measured",
  "",
  "- Each contestant does its work once, then all again, every second round backwards: a machine that warms up or has other work does the same to each. One run before them is not counted.",
  "- Wall is the median of the rounds, with the least and the most. CPU is user and system time of the programs; the server's CPU is that of MariaDB meanwhile. Memory is the most that all processes of a contestant held at one time, by proportional set size. \"loop p99\" is by how much the event loop of Holdfast's process was late, 99 times of 100 at most, 10 ms of which are the timer's own.",
  "- A backup ends when it is on the disk: what the other tools write is forced there by `sync`, as Holdfast does by itself. Everything is in the page cache before.",
  '- Holdfast hashes whatever it stores. "Encrypted" means age, to two recipients. It works in a process that has already started, as its server has; the others\' time holds their own start, some hundredths of a second.',
  "- Every restored database is compared with the original by rows and `CHECKSUM TABLE` of all tables and the number of keys, views, triggers, routines and events; every restored folder by each file's SHA-256, rights and time. What differs ends the run.",
  "- MariaDB: a private server with a buffer pool of 1 GiB, a redo log of 512 MiB, the binary log on, `innodb_flush_log_at_trx_commit=1`, `sync_binlog=0` and all else at its default. Before each restore it has written all that it still held.",
  "- The database is a shop: 7 tables, of which the largest is half of the text, order lines 16 %, pictures as BLOBs 11 %; foreign keys, a full-text key, a view, a trigger, a procedure, a function, an event. The text compresses 2.8:1 with gzip -6. Real shops often reach 4:1 or more, where gzip is a little faster and our lead a little smaller.",
  "- The media are 85 % pictures and clips that do not compress, the rest texts; three clips of 12 % each, one log of 8 %, and thousands of small files.",
  "",
  "## How to repeat it",
  "",
  "```",
  "npm run bench -- --json performance.json",
  "npm run bench -- --only memory --size 10000 --json memory.json",
  "node test/bench/page.ts performance.json memory.json",
  "```",
  "",
  "The first takes about an hour on two processors, and needs nothing else running. As root on Debian it installs restic and mydumper where they are missing, and says so; elsewhere they are left out. `npm run bench -- --help` tells how to measure less.",
  "",
];
