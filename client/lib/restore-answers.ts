import type { RestoreDraft } from "../state/restore-draft.svelte.ts";
import { momentName } from "./time.ts";

export const partLabel = { FULL: "Everything", DATABASE: "Only the database", MEDIA: "Only the media" } as const;

/** What was answered to each of the first three questions. */
export function answers(draft: RestoreDraft): string[] {
  const { backup, target } = draft;
  return [
    backup ? `${backup.source.name}, ${momentName(new Date(backup.startedAt ?? backup.createdAt), new Date())}` : "",
    partLabel[draft.type],
    `${target?.name ?? ""}${draft.inPlace ? ", in place" : ""}${draft.backupBeforeRestore ? "" : ", no safety backup"}`,
  ];
}
