import { SingleBar } from "cli-progress";
import { formatBytes, formatDuration } from "../../shared/format.ts";
import type { Progress } from "../domain/progress.ts";
import { fitted, onOneLine } from "./output.ts";

/** What is shown of an operation that runs. */
export type ShownProgress = Omit<Progress, "at" | "operationId" | "load">;

/** Shows an operation on standard error until `progress` ends: as a bar that goes away after, or as a line for each phase. */
export const showProgress = (progress: AsyncIterable<ShownProgress>, asBar: boolean): Promise<void> =>
  asBar ? showBar(progress) : showLines(progress);

async function showBar(progress: AsyncIterable<ShownProgress>): Promise<void> {
  const bar = new SingleBar({
    format: "{bar} {percentage}%  {state}",
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(100, 0, { state: "" });
  try {
    for await (const now of progress) bar.update(now.percent, { state: stateOf(now) });
  } finally {
    bar.stop();
  }
}

async function showLines(progress: AsyncIterable<ShownProgress>): Promise<void> {
  let told = "";
  for await (const { status, phase } of progress) {
    if (phase !== told && status === "RUNNING") process.stderr.write(`${phase.toLowerCase()}\n`);
    told = phase;
  }
}

/** What stands behind the bar: phase, bytes, rate, time left, current table or file, as far as they are known. */
export function stateOf({ phase, bytesProcessed, bytesExpected, bytesPerSecond, etaSeconds, currentItem }: ShownProgress): string {
  const done = formatBytes(bytesProcessed);
  return [
    phase.toLowerCase(),
    bytesExpected ? `${done} of about ${formatBytes(bytesExpected)}` : bytesProcessed > 0 ? done : "",
    bytesPerSecond ? `${formatBytes(bytesPerSecond)}/s` : "",
    etaSeconds ? `about ${formatDuration(etaSeconds)} left` : "",
    fitted(onOneLine(currentItem ?? ""), 40),
  ]
    .filter(Boolean)
    .join("  ");
}
