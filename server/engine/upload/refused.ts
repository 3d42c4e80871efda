import { Failure } from "../../domain/errors.ts";

/** Why an upload is not used; it becomes a finding of the inspection, or ends a restore. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly reason: string;
  readonly hint: string;
  /** The archive's entry, as it stands there; null where there is none. */
  readonly entry: string | null;

  constructor(reason: string, message: string, hint: string, options: { readonly entry?: string; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.hint = hint;
    this.entry = options.entry ?? null;
  }
}

export const refusedEntry = (reason: string, entry: string, why: string) =>
  new Refused(
    reason,
    `The archive's entry ${shown(entry)} ${why}.`,
    "Nothing of the archive is used. Make it again without this entry if you know who made it.",
    { entry: shown(entry) },
  );

/** An entry's name for people: quoted, with what cannot be seen escaped, and not too long. */
export const shown = (entry: string) =>
  JSON.stringify(entry.length > 300 ? `${entry.slice(0, 300)}…` : entry).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );

export const corruptArchive = (why: string, cause?: unknown) =>
  new Refused("ARCHIVE_CORRUPT", `The file is damaged or cut: ${why}.`, "Send it again, or make it again where it came from.", { cause });

/** The same refusal as what a restore throws. */
export const failureOf = ({ reason, message, hint, cause }: Refused) =>
  new Failure(reason === "ARCHIVE_CORRUPT" ? "ARTIFACT_CORRUPT" : "ARTIFACT_UNSAFE", message, hint, { reason, cause });

/** A Failure of the engine's readers as a refusal; anything else as it is. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  if (error.code === "ARTIFACT_CORRUPT" && /too much memory|Window size/i.test(error.message))
    return new Refused(
      "UNPACKED_TOO_LARGE",
      "The zstd file needs more than 128 MiB of memory to be unpacked.",
      "Compress it again without --ultra and --long.",
      { cause: error },
    );
  if (error.code === "ARTIFACT_CORRUPT") return corruptArchive(error.message.replace(/\.$/, ""), error);
  if (error.code !== "ARTIFACT_UNSAFE") return error;
  const entry = /entry ("(?:[^"\\]|\\.)*")/.exec(error.message)?.[1];
  return new Refused(error.reason ?? "ARCHIVE_UNSUPPORTED", error.message, error.hint ?? "", { ...(entry ? { entry } : {}), cause: error });
}
