import type { Message } from "./notification.ts";
import { made, sentences, type Telling } from "./notification-form.ts";
import { oneLine } from "./notification-words.ts";

export const storageLow = (
  telling: Telling,
  { storage, storageId, sentence }: { readonly storage: string; readonly storageId: string; readonly sentence: string },
): Message =>
  made(
    telling,
    "STORAGE_LOW",
    "attention",
    `${oneLine(storage)}: the storage is running low`,
    sentences(sentence, "Free some space, keep fewer backups, or choose another storage."),
    `/storages/${storageId}`,
  );

export const cleanupRefused = (
  telling: Telling,
  {
    storage,
    storageId,
    count,
    problem,
  }: {
    readonly storage: string;
    readonly storageId: string;
    readonly count: number;
    readonly problem: string;
  },
): Message =>
  made(
    telling,
    "CLEANUP_REFUSED",
    "attention",
    `${oneLine(storage)}: ${count === 1 ? "a backup" : `${count} backups`} cannot be deleted`,
    sentences(problem, "It is tried again by itself. Check the storage and the rights of the account that runs Holdfast."),
    `/storages/${storageId}`,
  );
