import { rm, writeFile } from "node:fs/promises";
import { formatCount } from "../../../shared/format.ts";
import { Failure, messageOf } from "../../domain/errors.ts";
import { type EncryptionKey, keysDocument } from "../documents/keys.ts";
import { answer, table } from "../output.ts";
import type { Session } from "../session.ts";
import { when } from "../times.ts";

/** keys: those of the key file, without what is secret of them. */
export async function list(session: Session): Promise<void> {
  const { encryptionKeys } = await session.holdfast.ask<{ encryptionKeys: readonly EncryptionKey[] }>(keysDocument);
  const rows = encryptionKeys.map(({ id, current, backups, kitMadeAt, recipient }) => [
    id,
    current ? "current" : "older",
    String(backups),
    kitMadeAt ? when(kitMadeAt) : "never",
    recipient,
  ]);
  answer(session, encryptionKeys, table(["KEY", "", "BACKUPS", "RECOVERY KIT (UTC)", "RECIPIENT"], rows, session.output.color));
}

/** keys rotate. */
export async function rotate(session: Session): Promise<void> {
  const { services, actor } = session.holdfast.own("Keys are rotated");
  const rotation = await services.keys.rotate(actor);
  const lines = [
    `The key file's first line is the new key ${rotation.keyId} now; it seals ${formatCount(rotation.resealed, "secret")} of the catalog and new backups.`,
    `The key ${rotation.oldKeyId} stays below it: the backups that it sealed need it.`,
    ...(rotation.unopened > 0
      ? [`${formatCount(rotation.unopened, "secret")} could not be opened and stayed as they were: enter them again.`]
      : []),
    "People sign in again after the server's next start.",
    "Make a new recovery kit: npx holdfast recovery-kit --output kit.html",
    "If the old key leaked, take new backups and delete the old ones: whoever has it still opens those.",
  ];
  answer(session, rotation, lines.join("\n"));
}

/** recovery-kit: into a file that must not be there yet, for its owner's eyes. */
export async function makeKit(session: Session, output: string): Promise<void> {
  const { services, actor } = session.holdfast.own("A recovery kit is made");
  // The place first: a kit that went nowhere would count as made.
  await placed(output, "");
  try {
    const { html } = await services.recoveryKit.create(actor, null);
    await writeFile(output, html, { flag: "r+" });
  } catch (error) {
    await rm(output, { force: true });
    throw error;
  }
  answer(
    session,
    { output },
    `Written to ${output}. It holds the key of all backups: print it, put it away from this machine, and delete the file.`,
  );
}

const placed = (output: string, text: string) =>
  writeFile(output, text, { mode: 0o600, flag: "wx" }).catch((cause: unknown) => {
    throw new Failure("BAD_USER_INPUT", `${output} cannot be written: ${messageOf(cause)}`, "Name a file that is not there yet.", {
      cause,
    });
  });
