import { formatBytes } from "../../shared/format.ts";
import type { CatalogTimes } from "./catalog.ts";
import type { DrillTimes } from "./drill.ts";
import type { Machine } from "./machine.ts";
import type { Figures } from "./measure.ts";
import { median } from "./measure.ts";
import type { OneTable } from "./one-table.ts";
import { raceLines } from "./race-table.ts";
import type { Race } from "./races.ts";
import type { Ready } from "./ready.ts";
import type { RebuildTimes } from "./rebuild.ts";
import type { ScheduleTimes } from "./schedules.ts";
import type { StoringTimes } from "./storing.ts";
import type { Form } from "./worker.ts";

/** What a run found, as written with `--json`. */
export interface Findings extends Further {
  readonly at: string;
  readonly machine: Machine & { readonly load: number };
  readonly megabytes: number;
  readonly rounds: number;
  readonly form: Form;
  readonly races: readonly Race[];
  /** Races that broke off, and why. */
  readonly failures: readonly string[];
}

interface Further {
  readonly backup?: BackupFindings | undefined;
  readonly ready?: (Ready & { readonly goal: number }) | undefined;
  readonly catalog?: CatalogTimes | undefined;
  readonly schedules?: ScheduleTimes | undefined;
  readonly rebuild?: RebuildTimes | undefined;
}

export interface BackupFindings {
  readonly dumpBytes: number;
  /** The whole backup's time to the baseline's, and what it may be. */
  readonly goal: number;
  readonly ratio: number;
  /** The same for the dump in frames alone. */
  readonly frameGoal: number;
  readonly frameRatio: number;
  /** What is read for one table to that table's own stored bytes. */
  readonly tableGoal: number;
  readonly oneTable: OneTable;
  readonly drill: DrillTimes;
  readonly storing: StoringTimes;
  readonly contenders: readonly Figures[];
}

/** The findings for a person; the first contender is the one that the others are compared with. */
export function table({ races, backup, ready, catalog, schedules, rebuild, machine }: Findings): string {
  const lines = [`${machine.cpus} CPUs, ${formatBytes(machine.memory)} of memory, load ${machine.load.toFixed(1)} at the start`, ""];
  for (const race of races) lines.push(...raceLines(race), "");
  return [...lines, ...furtherLines({ backup, ready, catalog, schedules, rebuild })].join("\n");
}

/** What was measured besides the races. */
export function furtherLines({ backup, ready, catalog, schedules, rebuild }: Further): string[] {
  const lines: string[] = [];
  if (backup) {
    lines.push(
      `Backup of a database of ${formatBytes(backup.dumpBytes)} as text, median (least - most) of ${backup.contenders[0]?.samples.length} in turn`,
    );
    lines.push(...columns([heading, ...backup.contenders.map((one) => row(one, backup.contenders[0], backup.dumpBytes))]));
    lines.push(goal("Backup", backup.ratio, backup.goal), goal("Frames", backup.frameRatio, backup.frameGoal));
    const { tables, read, own, stored, seconds } = backup.oneTable;
    lines.push(
      `${goal("One table", read / own, backup.tableGoal, 4)}: ${formatBytes(read)} read of ${formatBytes(stored)} for 1 of ${tables} tables, head of the dump included, in ${seconds.toFixed(2)} s`,
      `Drill: restored and compared in ${backup.drill.restore.toFixed(1)} s, ${backup.drill.whole.toFixed(1)} s with its server; zstd -dc | mariadb into one like it: ${backup.drill.stock.toFixed(1)} s`,
      ...storingLines(backup.storing),
      "",
    );
  }
  if (ready) {
    const verdict = ready.second <= ready.goal ? "met" : "missed";
    lines.push(
      `Ready after ${ready.first.toFixed(1)} s at first, ${ready.second.toFixed(2)} s again, goal under ${ready.goal} s: ${verdict}`,
    );
  }
  if (catalog) lines.push(...catalogLines(catalog));
  if (schedules) lines.push(...scheduleLines(schedules));
  if (rebuild) lines.push(...rebuildLines(rebuild));
  return lines;
}

function storingLines({ plain, encrypted, twice, bytesPerCpuSecond, codecGoal, ...to }: StoringTimes): string[] {
  const verdict = bytesPerCpuSecond > codecGoal ? "met" : "missed";
  return [
    `${goal("Encrypted", to.ratio, to.goal)}: ${encrypted.median.toFixed(1)} s, plain ${plain.median.toFixed(1)} s, the engine alone`,
    `${goal("Two storages", to.twiceRatio, to.twiceGoal)}: ${twice.median.toFixed(1)} s, on one disk`,
    `Encryption alone: ${formatBytes(bytesPerCpuSecond)} a second of processor time, goal more than ${formatBytes(codecGoal)}: ${verdict}`,
  ];
}

function rebuildLines({ backups, tables, seconds, goal, againSeconds, cpuSeconds, peakMemory: [few, all] }: RebuildTimes): string[] {
  const verdict = `goal under ${goal} s: ${seconds < goal ? "met" : "missed"}`;
  return [
    `Catalog rebuilt from ${backups.toLocaleString("en-US")} manifests of ${tables} tables in ${seconds.toFixed(1)} s, ${verdict}; once more in ${againSeconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of the server's CPU for both`,
    `Peak memory of the server: ${formatBytes(few)} for a tenth of them, ${formatBytes(all)} for all`,
  ];
}

function scheduleLines({ schedules, due, claimed, claimGoal, started, firstBoot, boot, bootGoal }: ScheduleTimes): string[] {
  const verdict = (seconds: number, most: number) => `goal under ${most} s: ${seconds < most ? "met" : "missed"}`;
  const [all, some] = [schedules.toLocaleString("en-US"), due.toLocaleString("en-US")];
  return [
    `${some} of ${all} schedules due at once: all claimed ${claimed.toFixed(2)} s later, ${verdict(claimed, claimGoal)}; their backups all wait or run after ${started.toFixed(1)} s`,
    `Ready with ${all} schedules after ${firstBoot.toFixed(1)} s when no alarm was set, ${boot.toFixed(1)} s again, ${verdict(firstBoot, bootGoal)}`,
  ];
}

function catalogLines({ backups, goal, answers }: CatalogTimes): string[] {
  const verdict = ({ name, p95 }: CatalogTimes["answers"][number]) => (name.startsWith("(") ? "" : p95 < goal ? "met" : "missed");
  const name = (answer: { readonly name: string }) => answer.name.padEnd(50);
  return [
    `The API on a catalog of ${backups.toLocaleString("en-US")} backups, goal p95 under ${goal} ms`,
    ...answers.map(
      (one) => `${name(one)} p50 ${one.p50.toFixed(1).padStart(6)} ms  p95 ${one.p95.toFixed(1).padStart(6)} ms  ${verdict(one)}`,
    ),
  ];
}

const goal = (what: string, ratio: number, most: number, digits = 2) =>
  `${what}: ratio ${ratio.toFixed(digits)}, goal at most ${most.toFixed(2)}: ${ratio <= most ? "met" : "missed"}`;

const heading = ["", "wall s", "ratio", "CPU s", "stored", "text per s", "peak memory", "own s", "slowest answer"];

function row(figures: Figures, baseline: Figures | undefined, dumpBytes: number): string[] {
  const { name, samples } = figures;
  const extra = (key: string, show: (value: number) => string) => {
    const values = samples.flatMap(({ extra }) => extra?.[key] ?? []);
    return values.length ? show(key === "ownSeconds" ? median(values) : Math.max(...values)) : "";
  };
  return [
    name,
    `${figures.median.toFixed(2)} (${figures.min.toFixed(2)} - ${figures.max.toFixed(2)})`,
    (figures.median / (baseline?.median ?? Number.NaN)).toFixed(2),
    median(samples.map(({ cpuSeconds }) => cpuSeconds)).toFixed(2),
    formatBytes(samples[0]?.storedBytes ?? 0),
    formatBytes(dumpBytes / figures.median),
    extra("peakMemory", formatBytes),
    extra("ownSeconds", (value) => value.toFixed(2)),
    extra("slowestAnswer", (value) => `${Math.round(value * 1000)} ms`),
  ];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = heading.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) =>
    cells.map((cell, column) => (column ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[0] ?? 0))).join("  "),
  );
}
