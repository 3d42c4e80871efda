import { type Command, Option } from "commander";
import type { BackupType } from "../../../shared/enums.ts";
import { formatBytes, formatCount, formatDuration } from "../../../shared/format.ts";
import type { BackupId, SourceId, StorageId } from "../../domain/ids.ts";
import type { BackupRow } from "../../services/backups.ts";
import { durationOf, errorOf } from "../../services/operation-view.ts";
import { answer, runShown, table } from "../output.ts";
import type { InSession, Session } from "../session.ts";

interface CreateOptions {
  readonly name?: string;
  readonly type: string;
  readonly description?: string;
  readonly compress: boolean;
  readonly includeLogs?: boolean;
  readonly source?: string;
  readonly storage?: string;
  readonly json?: boolean;
}

/** create-backup, list-backups, show-backup. */
export function backupCommands(program: Command, inSession: InSession): void {
  program
    .command("create-backup")
    .description("take a backup now, and wait for it")
    .option("--name <text>", "name of the backup")
    .addOption(new Option("--type <type>", "what to back up").choices(["database", "media", "full"]).default("full"))
    .option("--description <text>", "a note kept with it")
    .option("--no-compress", "store it uncompressed")
    .option("--include-logs", "keep log files of the media folders in it")
    .option("--source <id>", "the source; may be left out when there is one")
    .option("--storage <id>", "the storage; the default one when left out")
    .option("--json", "print the result as JSON")
    .action((options: CreateOptions) => inSession(options, (session) => create(session, options)));

  program
    .command("list-backups")
    .description("list backups, newest first")
    .option("--limit <n>", "how many at most", "50")
    .option("--json", "print the result as JSON")
    .action((options: { limit: string; json?: boolean }) => inSession(options, (session) => list(session, Number(options.limit))));

  program
    .command("show-backup")
    .description("show one backup and how to restore it by hand")
    .argument("<id>", "the backup's id")
    .option("--json", "print the result as JSON")
    .action((id: string, options: { json?: boolean }) => inSession(options, (session) => showOne(session, id as BackupId)));
}

async function create(session: Session, options: CreateOptions): Promise<void> {
  const { services, actor } = session;
  const { id } = await services.backups.create(
    actor,
    {
      name: options.name,
      description: options.description,
      type: options.type.toUpperCase() as BackupType,
      sourceId: options.source as SourceId | undefined,
      storageId: options.storage as StorageId | undefined,
      compress: options.compress,
      excludeLogs: !options.includeLogs,
    },
    "CLI",
  );
  await runShown(session, id, () => services.backups.perform(id));
  const backup = await services.backups.existing(id);
  answer(
    session,
    described(backup),
    `${backup.name}: ${formatBytes(backup.storedSize ?? 0)} stored in ${formatDuration(durationOf(backup) ?? 0)} (${id})`,
  );
}

async function list(session: Session, limit: number): Promise<void> {
  const { nodes, totalCount } = await session.services.backups.page(session.actor, {}, limit, null);
  const rows = nodes.map((backup) => [
    backup.id,
    backup.createdAt.toISOString().slice(0, 16).replace("T", " "),
    backup.type.toLowerCase(),
    backup.status.toLowerCase(),
    backup.storedSize === null ? "" : formatBytes(backup.storedSize),
    backup.name,
  ]);
  const text =
    rows.length === 0
      ? "There is no backup yet. Take one with `npx holdfast create-backup`."
      : table(["ID", "CREATED (UTC)", "TYPE", "STATUS", "STORED", "NAME"], rows);
  answer(session, { totalCount, backups: nodes.map(described) }, text);
}

async function showOne(session: Session, id: BackupId): Promise<void> {
  const backup = await session.services.backups.existing(id);
  const manifest = await session.services.backups.manifestOf(id);
  const storage = (await session.services.storages.list(session.actor)).find((each) => each.id === backup.storageId);
  const error = errorOf(backup);
  const lines = [
    backup.name,
    `${backup.type.toLowerCase()}, ${backup.status.toLowerCase()}, created ${backup.createdAt.toISOString()}`,
    ...(error ? [`${error.code}: ${error.message}`, ...(error.hint ? [error.hint] : [])] : []),
    `folder: ${storage?.config.directory ?? "?"}/${backup.folder}`,
    ...backup.artifacts.map(
      (artifact) =>
        `${artifact.name}: ${formatBytes(artifact.storedSize)} stored, ${formatBytes(artifact.size)} inside, sha256 ${artifact.sha256}`,
    ),
    ...(manifest?.database
      ? [
          `${formatCount(manifest.database.tables.length, "table")}, ${formatCount(
            manifest.database.tables.reduce((sum, { rows }) => sum + rows, 0),
            "row",
          )}`,
        ]
      : []),
    ...(manifest?.media ? [formatCount(manifest.media.files, "file")] : []),
    ...(manifest ? ["to restore it by hand, in that folder:", ...manifest.restoreCommands.map((command) => `  ${command}`)] : []),
  ];
  answer(session, { ...described(backup), manifest }, lines.join("\n"));
}

/** A backup as JSON for programs: the words of the API. */
const described = (backup: BackupRow) => ({
  id: backup.id,
  name: backup.name,
  description: backup.description,
  type: backup.type,
  status: backup.status,
  trigger: backup.trigger,
  sourceId: backup.sourceId,
  storageId: backup.storageId,
  folder: backup.folder,
  size: backup.size,
  storedSize: backup.storedSize,
  artifacts: backup.artifacts,
  createdAt: backup.createdAt,
  startedAt: backup.startedAt,
  finishedAt: backup.finishedAt,
  durationSeconds: durationOf(backup),
  error: errorOf(backup),
});
