import { formatBytes, formatCount, formatDuration } from "../../shared/format.ts";
import type { BackupDetailFragment } from "../graphql/generated.ts";
import { placesWords } from "./copy-words.ts";
import { mediaWord, storedWords } from "./reading-words.ts";
import { compressionWord, triggerWord, typeWord } from "./words.ts";

/** What a finished backup did, in one sentence with the numbers that matter; null while it runs or when its error says it. */
export function backupOutcome(backup: BackupDetailFragment): string | null {
  const { status, database, media, storedSize, durationSeconds, storage, copies, warnings } = backup;
  if (status === "CANCELLED") return "Cancelled. Nothing of it is left on the storage.";
  if (status !== "COMPLETED") return null;
  const held = [
    ...(database ? [formatCount(database.tables.length, "table"), formatCount(database.rows, "row")] : []),
    ...(media ? [formatCount(media.files, "file")] : []),
  ];
  const size = storedSize === null ? "" : ` as ${formatBytes(storedSize)}`;
  const took = durationSeconds === null ? "" : `, in ${formatDuration(durationSeconds)}`;
  return `Stored and checked${warnings.length > 0 ? `, with ${formatCount(warnings.length, "warning")}` : ""}: ${held.length > 0 ? held.join(", ") : "no contents"}${size} on ${placesWords(copies, storage.name)}${took}.`;
}

/** The small facts of a backup's page, each only where it is known. */
export function backupFacts(backup: BackupDetailFragment): [string, string][] {
  const { size, storedSize, addedSize, durationSeconds } = backup;
  const ratio =
    size && storedSize && addedSize === null ? `, ${Math.max(1, Math.round((storedSize / size) * 100))}% of ${formatBytes(size)}` : "";
  return [
    ["Type", typeWord[backup.type]],
    ["Begun", triggerWord[backup.trigger]],
    ...(storedSize === null ? [] : [["Stored", `${storedWords(storedSize, addedSize)}${ratio}`] satisfies [string, string]]),
    ...(durationSeconds === null ? [] : [["Took", formatDuration(durationSeconds)] satisfies [string, string]]),
    ["Compression", compressionWord[backup.compression]],
    ...(backup.database?.binlog
      ? [
          ["Binary log", `${backup.database.binlog.file} at ${backup.database.binlog.position.toLocaleString("en-US")}`] satisfies [
            string,
            string,
          ],
        ]
      : []),
    ...(backup.type === "DATABASE" ? [] : [["Media kept", mediaWord(backup.mediaMode)] satisfies [string, string]]),
    ...(backup.type === "DATABASE" ? [] : [["Log files", backup.excludeLogs ? "Left out" : "Stored too"] satisfies [string, string]]),
  ];
}
