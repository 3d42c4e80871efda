import { formatBytes, formatDuration } from "../../../shared/format.ts";
import { notFound } from "../../domain/errors.ts";
import { confirm } from "../asking.ts";
import * as documents from "../documents/backups.ts";
import { answer, table } from "../output.ts";
import { runShown } from "../running.ts";
import type { Session } from "../session.ts";
import { when } from "../times.ts";
import { described, portrayed, statusOf } from "./backup-text.ts";
import { allOf, existingBackup, sourceOf } from "./chosen.ts";
import { idsOfStorages, storageOf } from "./storages.ts";
import { followed, performed } from "./verification.ts";
import { badge, provenText, recorded } from "./verification-text.ts";

export interface CreateOptions {
  readonly name?: string;
  readonly type?: string;
  readonly description?: string;
  readonly compress: boolean;
  readonly includeLogs?: boolean;
  readonly source?: string;
  readonly storage?: readonly string[];
  readonly verify?: boolean;
  readonly encrypt?: boolean;
  readonly engine?: string;
  readonly mediaMode?: string;
}

/** create-backup. */
export async function create(session: Session, options: CreateOptions): Promise<void> {
  const { holdfast } = session;
  const source = await sourceOf(session, options.source);
  const input = {
    name: options.name,
    description: options.description,
    type: options.type?.toUpperCase() ?? allOf(source),
    sourceId: source.id,
    storageIds: await idsOfStorages(session, options.storage),
    compress: options.compress,
    excludeLogs: !options.includeLogs,
    encrypt: options.encrypt,
    databaseEngine: options.engine?.toUpperCase(),
    mediaMode: options.mediaMode?.toUpperCase(),
    verify: options.verify ? "RESTORE" : null,
  };
  const { createBackup } = await holdfast.ask<{ createBackup: { id: string } }>(documents.createBackupDocument, { input });
  await runShown(session, "BACKUP", createBackup.id);
  const backup = await existingBackup(session, createBackup.id);
  const stored = `${formatBytes(backup.storedSize ?? 0)} stored in ${formatDuration(backup.durationSeconds ?? 0)}`;
  const text = [`${backup.name}: ${statusOf(backup)}, ${stored} (${backup.id})`, ...backup.warnings.map((warning) => `  ${warning}`)];
  const verification = options.verify ? await followed(session, backup.id) : null;
  if (!verification) return answer(session, described(backup), text.join("\n"));
  const proof = await performed(session, verification);
  answer(session, { ...described(backup), verification: recorded(proof) }, [...text, provenText(proof)].join("\n"));
}

/** list-backups. */
export async function list(session: Session, limit: number): Promise<void> {
  const { backups } = await session.holdfast.ask<{
    backups: { totalCount: number; nodes: readonly (documents.Backup & { verifications: readonly documents.Proven[] })[] };
  }>(documents.backupsDocument, { first: limit });
  const rows = backups.nodes.map((backup) => [
    backup.id,
    when(backup.createdAt),
    backup.type.toLowerCase(),
    statusOf(backup),
    backup.storedSize === null ? "" : formatBytes(backup.storedSize),
    backup.status === "COMPLETED" ? badge(backup.verifications) : "",
    backup.name,
  ]);
  const text =
    rows.length === 0
      ? "There is no backup yet. Take one with `npx holdfast create-backup`."
      : table(["ID", "CREATED (UTC)", "TYPE", "STATUS", "STORED", "PROVEN", "NAME"], rows);
  answer(
    session,
    { totalCount: backups.totalCount, backups: backups.nodes.map(({ verifications: _, ...backup }) => described(backup)) },
    text,
  );
}

/** show-backup. */
export async function show(session: Session, id: string): Promise<void> {
  const { backup } = await session.holdfast.ask<{ backup: documents.ShownBackup | null }>(documents.shownBackupDocument, { id });
  if (!backup) throw notFound("backup", id);
  const { verifications, lastVerification, ...rest } = backup;
  const proven = [`proven: ${badge(verifications)}`, ...(lastVerification?.problems ?? []).map((problem) => `  ${problem}`)];
  answer(
    session,
    { ...described(rest), directory: backup.storage.location, lastVerification: lastVerification && recorded(lastVerification) },
    portrayed(backup, proven),
  );
}

/** copy-backup. */
export async function copy(session: Session, id: string, storage: string): Promise<void> {
  const { id: storageId } = await storageOf(session, storage);
  const { copyBackup } = await session.holdfast.ask<{ copyBackup: documents.Copy }>(documents.copyBackupDocument, { id, storageId });
  await runShown(session, "COPY", copyBackup.id);
  const { name } = await existingBackup(session, id);
  answer(session, { id, storageId, copyId: copyBackup.id }, `${name} is on ${copyBackup.storage.name} too.`);
}

/** remove-copy. */
export async function removeCopy(
  session: Session,
  id: string,
  { storage: named, yes }: { readonly storage: string; readonly yes?: boolean },
): Promise<void> {
  const { id: storage, name: where } = await storageOf(session, named);
  const { name } = await existingBackup(session, id);
  if (!yes) await confirm(session, `${name} is removed from ${where}; it stays on its other storages.`, name);
  const { removeCopy: left } = await session.holdfast.ask<{ removeCopy: Pick<documents.Backup, "copies"> }>(documents.removeCopyDocument, {
    id,
    storageId: storage,
  });
  const still = left.copies.find((one) => one.storage.id === storage);
  const text = still ? `${where} has not let go of ${name} yet: ${still.problem}` : `Removed ${name} from ${where}.`;
  answer(session, { id, storageId: storage, removed: !still }, text);
}

/** delete-backup. */
export async function remove(session: Session, id: string, { yes }: { readonly yes?: boolean }): Promise<void> {
  const { name, createdAt } = await existingBackup(session, id);
  if (!yes) await confirm(session, `${name}, ${createdAt}, is deleted with its files, for good.`, name);
  await session.holdfast.ask(documents.deleteBackupDocument, { id });
  answer(session, { id, deleted: true }, `Deleted ${name}.`);
}
