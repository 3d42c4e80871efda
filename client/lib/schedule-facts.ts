import type { ScheduleDetailFragment } from "../graphql/generated.ts";
import { engineWord, mediaWord } from "./reading-words.ts";
import { minutesInWords } from "./schedule-words.ts";
import { compressionWord, typeWord } from "./words.ts";

const modeWord = { REPLACE: "Replaces what is there", OVERWRITE: "Over what is there", PRESERVE: "Adds what is missing" } as const;
const proofWord = { CHECKSUM: "Bytes read back", RESTORE: "Restored and compared" } as const;

/** The rules of a schedule as names and values, those that matter for its kind. */
export function scheduleFacts(schedule: ScheduleDetailFragment): [string, string][] {
  const { kind, source, targetSource, quietHours } = schedule;
  const what: [string, string][] = {
    BACKUP: [
      ["Source", source.name] satisfies [string, string],
      ["What", typeWord[schedule.backupType]] satisfies [string, string],
      storagesFact(schedule),
      ["Encrypted", schedule.encrypt === null ? "As the settings say" : schedule.encrypt ? "Yes" : "No"] satisfies [string, string],
      ["Compression", compressionWord[schedule.compression]] satisfies [string, string],
      ...(schedule.backupType === "MEDIA"
        ? []
        : [
            ["Database read", schedule.databaseEngine ? engineWord(schedule.databaseEngine) : "As the source says"] satisfies [
              string,
              string,
            ],
          ]),
      ...(schedule.backupType === "DATABASE"
        ? []
        : [["Media kept", schedule.mediaMode ? mediaWord(schedule.mediaMode) : "As the source says"] satisfies [string, string]]),
      ["Verified afterwards", schedule.verifyAfter ? proofWord[schedule.verifyAfter] : "No"] satisfies [string, string],
    ],
    RESTORE: [
      ["Newest backup of", source.name] satisfies [string, string],
      ["Into", targetSource?.name ?? "No source"] satisfies [string, string],
      ["How", modeWord[schedule.restoreMode ?? "REPLACE"]] satisfies [string, string],
    ],
    VERIFICATION: [
      ["Newest backup of", source.name] satisfies [string, string],
      ["How", proofWord[schedule.level ?? "RESTORE"]] satisfies [string, string],
    ],
  }[kind];
  const missed = schedule.missedRuns === "SKIP" ? "Left out" : `Caught up with once, up to ${minutesInWords(schedule.graceMinutes)} late`;
  return [
    ...what,
    ["Missed times", missed],
    ["While one still runs", schedule.overlap === "WAIT" ? "The next waits" : "The next is left out"],
    ["Tries after a failure", schedule.retries === 0 ? "None" : `Up to ${schedule.retries}`],
    ...(schedule.jitterSeconds > 0 ? [["Starts late by up to", `${schedule.jitterSeconds} s`] satisfies [string, string]] : []),
    ...(quietHours ? [["Quiet hours", `${quietHours.from} to ${quietHours.to}`] satisfies [string, string]] : []),
  ];
}

/** Where its backups go; the first is the one that is read first. */
function storagesFact({ storages, storage, ownStorageId }: ScheduleDetailFragment): [string, string] {
  const names = storages.length > 0 ? storages.map(({ name }) => name) : [storage.name];
  return [names.length > 1 ? "Storages" : "Storage", ownStorageId ? names.join(", ") : `${names.join(", ")}, the default`];
}
