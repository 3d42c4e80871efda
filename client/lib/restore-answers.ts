import type { RestoreDraft } from "../state/restore-draft.svelte.ts";
import { continued } from "./text.ts";
import { tickedWords } from "./ticked.ts";
import { momentName } from "./time.ts";

export const partLabel = {
  FULL: "Everything",
  DATABASE: "Only the database",
  MEDIA: "Only the media",
  TICKED: "Only what is ticked",
} as const;

/** The three ways to treat what is in the target now, as a person would say them. */
export const modeLabel = {
  REPLACE: "Exactly as in the backup",
  OVERWRITE: "The backup wins, the rest stays",
  PRESERVE: "Only what is missing",
} as const;

/** What was answered to each of the first three questions. */
export function answers(draft: RestoreDraft): string[] {
  const { backup, target, files, targetDatabase } = draft;
  const parts = draft.parts === "TICKED" ? (tickedWords(draft.ticked) ?? "") : partLabel[draft.parts];
  return [
    backup
      ? `${backup.source.name}, ${momentName(new Date(backup.startedAt ?? backup.createdAt), new Date())}`
      : files.map(({ filename }) => filename).join(", "),
    `${parts}: ${continued(modeLabel[draft.mode])}`,
    `${target?.name ?? ""}${targetDatabase ? `, database ${targetDatabase}` : ""}${draft.inPlace ? ", in place" : ""}${draft.backupBeforeRestore ? "" : ", no safety backup"}${draft.skipBinaryLog ? ", without binary log" : ""}`,
  ];
}
