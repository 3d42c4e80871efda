import { type BackupRow, findBackups } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import type { CleanupEntry, CleanupRecord } from "../domain/cleanup.ts";
import type { CleanupId } from "../domain/ids.ts";
import type { Verdict } from "../domain/retention.ts";
import type { RetentionRequest } from "../domain/retention-check.ts";
import type { CleanupPlan, PlannedBackup, PlanRequest } from "./cleanup-plan.ts";
import { entryOf } from "./cleanup-work.ts";

/** What is to be tried out, before anything is removed or stored. */
export type PreviewRequest = Omit<PlanRequest, "retention"> & { readonly retention?: RetentionRequest | null };

/** What a cleanup would do now, newest first. */
export interface Preview {
  readonly verdicts: readonly (Verdict & Pick<PlannedBackup, "backup" | "explanation">)[];
  readonly keptCount: number;
  readonly removedCount: number;
  readonly freedBytes: number;
  /** Why nothing is deleted just now. */
  readonly pausedReason: string | null;
}

/** What a cleanup did, or would do. */
export interface CleanupResult {
  readonly dryRun: boolean;
  readonly cleanupId: CleanupId | null;
  readonly backups: readonly BackupRow[];
  readonly freedBytes: number;
  readonly removed: readonly CleanupEntry[];
  readonly refused: readonly (CleanupEntry & { readonly problem: string })[];
  /** Copies that went, of backups that stay, because their storage is over its cap. */
  readonly copies: NonNullable<CleanupRecord["copies"]>;
  readonly kept: number;
}

/** What it frees on all storages together. */
const freedBy = (planned: readonly PlannedBackup[]) =>
  planned.reduce(
    (sum, { backup, verdict, leaves }) => sum + backup.storedSize * (verdict.keep ? leaves.length : backup.storages.length),
    0,
  );

/** A plan as it is shown. */
export function previewOf({ planned }: CleanupPlan, pausedReason: string | null): Preview {
  const going = planned.filter(({ verdict }) => !verdict.keep);
  return {
    verdicts: planned.map(({ backup, verdict, explanation }) => ({ ...verdict, backup, explanation })),
    keptCount: planned.length - going.length,
    removedCount: going.length,
    freedBytes: freedBy(planned),
    pausedReason,
  };
}

/** What a dry run says: exactly what the real one would do. */
export async function wouldDo(catalog: Db, planned: readonly PlannedBackup[]): Promise<CleanupResult> {
  const going = planned.filter(({ verdict }) => !verdict.keep).reverse();
  const found = await findBackups(
    catalog,
    going.map(({ backup }) => backup.id),
  );
  const rows = new Map(found.map((row) => [row.id, row]));
  const removed = going.map(entryOf);
  return {
    dryRun: true,
    cleanupId: null,
    backups: removed.flatMap(({ id }) => rows.get(id) ?? []),
    freedBytes: freedBy(planned),
    removed,
    refused: [],
    copies: planned
      .filter(({ verdict }) => verdict.keep)
      .flatMap((each) =>
        each.leaves.map(({ name }) => ({ ...entryOf(each), storages: 1, reason: "SIZE_CAP" as const, storage: name, problem: null })),
      ),
    kept: planned.length - going.length,
  };
}
