import { Failure } from "../../domain/errors.ts";

/** Where an entry of an archive goes: the prefix that it lies below, and its path in there ("" for the folder itself). */
export interface Placed {
  readonly prefix: string;
  readonly path: string;
}

/** Reads an entry's name; one that would leave its root, or that lies below no known prefix, is ARTIFACT_UNSAFE. */
export function placeName(name: string, known: (prefix: string) => boolean): Placed {
  if (name.startsWith("/")) throw unsafe(name, "has an absolute name");
  if (name.includes("\0")) throw unsafe(name, "has a NUL in its name");
  const steps = name.split("/").filter((step) => step !== "" && step !== ".");
  if (steps.includes("..")) throw unsafe(name, "leads out of its folder");
  const [prefix, ...rest] = steps;
  if (prefix === undefined || !known(prefix)) throw unsafe(name, "belongs to no media folder of this backup");
  return { prefix, path: rest.join("/") };
}

/** The refusal of an entry, by its name as it stands in the archive. */
export const unsafe = (name: string, why: string) =>
  new Failure(
    "ARTIFACT_UNSAFE",
    `The archive's entry ${JSON.stringify(name).slice(0, 500)} ${why}.`,
    "Nothing was restored. Do not use this archive unless you know who made it.",
  );

export const damaged = (why: string, cause?: unknown) =>
  new Failure(
    "ARTIFACT_CORRUPT",
    `The media archive is damaged: ${why}.`,
    "Restore another backup, and check the disk that the storage lies on.",
    { cause },
  );
