import type { Message } from "./notification.ts";
import { made, type Problem, sentences, type Telling } from "./notification-form.ts";
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

export const storageUnreachable = (
  telling: Telling,
  { storage, storageId, problem }: { readonly storage: string; readonly storageId: string; readonly problem: Problem },
): Message =>
  made(
    telling,
    "STORAGE_UNREACHABLE",
    "bad",
    `${oneLine(storage)}: the storage cannot be used`,
    sentences(problem.message, problem.hint, "Until then nothing can be stored there, and nothing restored from it."),
    `/storages/${storageId}`,
  );

export const copiesMissing = (
  telling: Telling,
  { storage, storageId, count }: { readonly storage: string; readonly storageId: string; readonly count: number },
): Message =>
  made(
    telling,
    "COPIES_MISSING",
    "attention",
    `${oneLine(storage)}: ${count === 1 ? "a backup is" : `${count} backups are`} to lie there and ${count === 1 ? "does" : "do"} not`,
    sentences(
      "They are whole on another storage, but not on as many as they were to be.",
      "They are copied by themselves where that is possible. Look at the storage, or copy them by hand.",
    ),
    `/storages/${storageId}`,
  );
