import { createWriteStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { formatBytes } from "../../../shared/format.ts";
import { badInput, Failure, messageOf } from "../../domain/errors.ts";
import type { BackupId } from "../../domain/ids.ts";
import { answer } from "../output.ts";
import type { Session } from "../session.ts";
import { existingBackup } from "./chosen.ts";

interface Wish {
  readonly output: string;
  readonly path?: readonly string[];
}

/** export-media: what fails leaves no half archive behind. */
export async function exportMedia(session: Session, backupId: string, { output, path }: Wish): Promise<void> {
  const format = /\.(zip|tar)$/i.exec(output)?.[1]?.toUpperCase();
  if (format !== "ZIP" && format !== "TAR") throw badInput("The name of the archive must end in .zip or .tar.", "Such as pictures.zip.");
  const { services, actor } = session.holdfast.own("Media are exported");
  const backup = await existingBackup(session, backupId);
  await using media = await services.downloads.exportMedia(actor, backup.id as BackupId, { paths: path ?? null, format }, session.signal);
  const written = await create(output);
  try {
    await pipeline(media.bytes, written, { signal: session.signal });
  } catch (error) {
    await rm(output, { force: true });
    throw error;
  }
  answer(session, { output, size: written.bytesWritten }, `Written to ${output}: ${formatBytes(written.bytesWritten)}.`);
}

/** For its owner's eyes: what was encrypted is in the clear in it. */
async function create(output: string) {
  const file = await open(output, "wx", 0o600).catch((cause: unknown) => {
    throw new Failure("BAD_USER_INPUT", `${output} cannot be written: ${messageOf(cause)}`, "Name a file that is not there yet.", {
      cause,
    });
  });
  return createWriteStream(output, { fd: file });
}
