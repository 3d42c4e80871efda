import { setTimeout as sleep } from "node:timers/promises";
import type { VerificationLevel } from "../../../shared/enums.ts";
import { notFound } from "../../domain/errors.ts";
import * as documents from "../documents/verifications.ts";
import { answer } from "../output.ts";
import { runShown } from "../running.ts";
import type { Session } from "../session.ts";
import { existingBackup } from "./chosen.ts";
import { provenText, recorded } from "./verification-text.ts";

/** verify-backup: exit status 1 when the backup did not pass. */
export async function verify(session: Session, backupId: string, level: VerificationLevel): Promise<void> {
  const { id } = await existingBackup(session, backupId);
  const { verifyBackup } = await session.holdfast.ask<{ verifyBackup: { id: string } }>(documents.verifyDocument, { id, level });
  const proof = await performed(session, verifyBackup.id);
  answer(session, recorded(proof), provenText(proof));
}

/** Performs the verification that waits under `id`; sets the exit status when the backup did not pass. */
export async function performed(session: Session, id: string): Promise<documents.Verification> {
  await runShown(session, "VERIFICATION", id);
  const { verification } = await session.holdfast.ask<{ verification: documents.Verification | null }>(documents.verificationDocument, {
    id,
  });
  if (!verification) throw notFound("verification", id);
  if (!verification.passed) process.exitCode = 1;
  return verification;
}

/** How often to look for a verification that is about to be there, in milliseconds, and how many times. */
const [lookEvery, looks] = [500, 60];

/** The verification that follows a backup by itself: there a moment after the backup's end. Null when none was asked for. */
export async function followed({ holdfast, signal }: Session, backupId: string): Promise<string | null> {
  for (let look = 0; look < looks; look += 1) {
    const { backup } = await holdfast.ask<{
      backup: { verify: VerificationLevel | null; verifications: readonly { id: string }[] } | null;
    }>(documents.verificationsOfDocument, { id: backupId });
    if (!backup?.verify) return null;
    if (backup.verifications[0]) return backup.verifications[0].id;
    await sleep(lookEvery, undefined, { signal });
  }
  return null;
}
