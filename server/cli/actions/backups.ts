import type { BackupType } from "../../../shared/enums.ts";
import { formatBytes, formatDuration } from "../../../shared/format.ts";
import { badInput } from "../../domain/errors.ts";
import type { BackupId, SourceId, StorageId } from "../../domain/ids.ts";
import { durationOf } from "../../services/operation-view.ts";
import type { SourceRow } from "../../services/sources.ts";
import { confirm } from "../asking.ts";
import { answer, table } from "../output.ts";
import { runShown } from "../running.ts";
import type { Session } from "../session.ts";
import { described, portrayed, statusOf } from "./backup-text.ts";
import { performed } from "./verification.ts";
import { badge, provenText, recorded } from "./verification-text.ts";

export interface CreateOptions {
  readonly name?: string;
  readonly type?: string;
  readonly description?: string;
  readonly compress: boolean;
  readonly includeLogs?: boolean;
  readonly source?: string;
  readonly storage?: string;
  readonly verify?: boolean;
}

/** create-backup. */
export async function create(session: Session, options: CreateOptions): Promise<void> {
  const { services, actor } = session;
  const source = await sourceOf(session, options.source);
  const { id } = await services.backups.create(
    actor,
    {
      name: options.name,
      description: options.description,
      type: (options.type?.toUpperCase() as BackupType | undefined) ?? allOf(source),
      sourceId: source.id,
      storageId: options.storage as StorageId | undefined,
      compress: options.compress,
      excludeLogs: !options.includeLogs,
      verify: options.verify ? "RESTORE" : null,
    },
    "CLI",
  );
  const backup = await runShown(session, services.backups, id);
  const stored = `${formatBytes(backup.storedSize ?? 0)} stored in ${formatDuration(durationOf(backup) ?? 0)}`;
  const text = [`${backup.name}: ${statusOf(backup)}, ${stored} (${id})`, ...(backup.warnings ?? []).map((warning) => `  ${warning}`)];
  // Where a server beside took the backup, it may not have come to it yet.
  if (options.verify) await services.backups.finishVerifying();
  const [verification] = options.verify ? await services.verifications.ofBackups(actor, [id]) : [];
  if (!verification) return answer(session, described(backup), text.join("\n"));
  const proof = await performed(session, verification.id);
  answer(session, { ...described(backup), verification: recorded(proof) }, [...text, provenText(backup.name, proof)].join("\n"));
}

/** The source that was named, or the only one. */
async function sourceOf({ services, actor }: Session, id: string | undefined): Promise<SourceRow> {
  const all = await services.sources.list(actor);
  if (id || all.length <= 1) return services.sources.choose((id as SourceId | undefined) ?? null);
  throw badInput("There are several sources.", ["Name one with --source:", ...all.map((each) => `  ${each.id}  ${each.name}`)].join("\n"));
}

/** The type that takes all that the source holds. */
const allOf = ({ databaseName, mediaPaths }: SourceRow): BackupType =>
  databaseName === null ? "MEDIA" : mediaPaths.length === 0 ? "DATABASE" : "FULL";

/** list-backups. */
export async function list(session: Session, limit: number): Promise<void> {
  const { nodes, totalCount } = await session.services.backups.page(session.actor, {}, limit, null);
  const verifications = await session.services.verifications.ofBackups(
    session.actor,
    nodes.map(({ id }) => id),
  );
  const proven = Map.groupBy(verifications, ({ backupId }) => backupId);
  const rows = nodes.map((backup) => [
    backup.id,
    backup.createdAt.toISOString().slice(0, 16).replace("T", " "),
    backup.type.toLowerCase(),
    statusOf(backup),
    backup.storedSize === null ? "" : formatBytes(backup.storedSize),
    backup.status === "COMPLETED" ? badge(proven.get(backup.id) ?? []) : "",
    backup.name,
  ]);
  const text =
    rows.length === 0
      ? "There is no backup yet. Take one with `npx holdfast create-backup`."
      : table(["ID", "CREATED (UTC)", "TYPE", "STATUS", "STORED", "PROVEN", "NAME"], rows);
  answer(session, { totalCount, backups: nodes.map(described) }, text);
}

/** show-backup. */
export async function show(session: Session, id: string): Promise<void> {
  const { backups, storages, verifications } = session.services;
  const backup = await backups.existing(id as BackupId);
  const [manifest, places] = [await backups.manifestOf(backup.id), await storages.list(session.actor)];
  const directory = places.find((storage) => storage.id === backup.storageId)?.config.directory ?? "";
  const proofs = await verifications.ofBackups(session.actor, [backup.id]);
  const [newest] = await Promise.all(proofs.slice(0, 1).map(async (row) => ({ row, report: await verifications.reportOf(row.id) })));
  const proven = [`proven: ${badge(proofs)}`, ...(newest?.report?.problems ?? []).map((problem) => `  ${problem}`)];
  const lastVerification = newest ? recorded(newest) : null;
  answer(session, { ...described(backup), directory, manifest, lastVerification }, portrayed(backup, directory, manifest, proven));
}

/** delete-backup. */
export async function remove(session: Session, id: string, { yes }: { readonly yes?: boolean }): Promise<void> {
  const { backups } = session.services;
  const { name, ...backup } = await backups.existing(id as BackupId);
  if (!yes) await confirm(session, `${name}, ${backup.createdAt.toISOString()}, is deleted with its files, for good.`, name);
  await backups.remove(session.actor, backup.id);
  answer(session, { id, deleted: true }, `Deleted ${name}.`);
}
