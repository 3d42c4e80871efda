import { formatBytes, formatCount } from "../../../shared/format.ts";
import { confirm } from "../asking.ts";
import { type CleanupResult, cleanupDocument, type Entry } from "../documents/cleanups.ts";
import { answer, table } from "../output.ts";
import type { Session } from "../session.ts";
import { when } from "../times.ts";

export interface CleanupOptions {
  readonly days?: number;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

/** cleanup-old-backups: exit status 1 when a storage refused to let go of one. */
export async function cleanUp(session: Session, { days, dryRun = false, force = false }: CleanupOptions): Promise<void> {
  const ask = async (dry: boolean) =>
    (await session.holdfast.ask<{ cleanupBackups: CleanupResult }>(cleanupDocument, { days, dryRun: dry, force })).cleanupBackups;
  if (dryRun) return tell(session, await ask(true));
  if (session.canAsk && !force) {
    const planned = await ask(true);
    if (planned.removed.length === 0) return tell(session, planned);
    await confirm(session, `${tableOf(planned.removed)}\n${summary(planned)}`, "yes");
  }
  const done = await ask(false);
  if (done.refused.length > 0) process.exitCode = 1;
  tell(session, done);
}

function tell(session: Session, result: CleanupResult): void {
  const lines = [
    ...(result.removed.length > 0 ? [tableOf(result.removed)] : []),
    ...(result.refused.length > 0 ? ["Not deleted yet, and tried again:", tableOf(result.refused)] : []),
    summary(result),
  ];
  answer(session, result, lines.join("\n"));
}

const tableOf = (entries: readonly Entry[]) =>
  table(
    ["ID", "CREATED (UTC)", "SOURCE", "STORED", "WHY", "NAME"],
    entries.map(({ id, createdAt, source, storedSize, reason, problem, name }) => [
      id,
      when(createdAt),
      source,
      formatBytes(storedSize),
      problem ?? reasons[reason] ?? reason.toLowerCase(),
      name,
    ]),
  );

const reasons: Readonly<Record<string, string>> = { EXPIRED: "no limit keeps it", SIZE_CAP: "the storage's size cap" };

function summary({ dryRun, removed, kept, freedBytes }: CleanupResult): string {
  const counted = formatCount(removed.length, "backup");
  return `${dryRun ? `Would delete ${counted} and free` : `Deleted ${counted}, freed`} ${formatBytes(freedBytes)}; ${kept} kept.`;
}
