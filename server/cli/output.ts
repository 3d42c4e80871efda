import { SingleBar } from "cli-progress";
import { formatBytes, formatDuration } from "../../shared/format.ts";
import { Failure } from "../domain/errors.ts";
import type { OperationId } from "../domain/ids.ts";
import { isFinal } from "../domain/operation.ts";
import type { Progress } from "../domain/progress.ts";
import type { Session } from "./session.ts";

/** The result of a command: one JSON object with `--json`, else the text. */
export function answer({ output }: Pick<Session, "output">, result: object, text: string): void {
  process.stdout.write(output.json ? `${JSON.stringify(result, null, 2)}\n` : `${text}\n`);
}

/** Rows under their headings, each column as wide as its widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => [...(row[column] ?? "")].length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(headings), ...rows.map(line)].join("\n");
}

/** Runs an operation that this command began, showing how far it is; throws its failure when it does not complete. */
export async function runShown({ services, actor, output }: Session, id: OperationId, perform: () => Promise<unknown>): Promise<void> {
  const stop = () => void services.operations.cancel(actor, id);
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const progress = await services.operations.watch(actor, id);
  const shown = show(progress, output.terminal && !output.json);
  try {
    await perform();
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
  const last = await shown;
  if (last?.status === "COMPLETED") return;
  const lines = await services.operations.log(id, 0);
  throw new Failure(
    last?.status === "CANCELLED" ? "CANCELLED" : "INTERNAL",
    lines.findLast(({ level }) => level !== "INFO")?.message ?? "It did not complete.",
  );
}

async function show(progress: AsyncIterable<Progress>, terminal: boolean): Promise<Progress | null> {
  const bar = terminal
    ? new SingleBar({
        format: "{bar} {percentage}%  {done}  {rate}  {eta}  {item}",
        hideCursor: true,
        clearOnComplete: true,
        barsize: 30,
        stream: process.stderr,
      })
    : null;
  let last: Progress | null = null;
  bar?.start(100, 0, cells(null));
  for await (const now of progress) {
    bar?.update(now.percent, cells(now));
    if (!bar && now.phase !== last?.phase && !isFinal(now.status)) process.stderr.write(`${now.phase.toLowerCase()}\n`);
    last = now;
  }
  bar?.stop();
  return last;
}

const cells = (progress: Progress | null) => ({
  percentage: Math.floor(progress?.percent ?? 0),
  done: progress?.bytesExpected
    ? `${formatBytes(progress.bytesProcessed)} of about ${formatBytes(progress.bytesExpected)}`
    : formatBytes(progress?.bytesProcessed ?? 0),
  rate: progress?.bytesPerSecond ? `${formatBytes(progress.bytesPerSecond)}/s` : "",
  eta: progress?.etaSeconds ? `about ${formatDuration(progress.etaSeconds)} left` : "",
  item: (progress?.currentItem ?? "").slice(0, 40),
});
