import type { VerificationLevel } from "../../../shared/enums.ts";
import type { BackupId, VerificationId } from "../../domain/ids.ts";
import { answer } from "../output.ts";
import { runShown } from "../running.ts";
import type { Session } from "../session.ts";
import { type Proof, provenText, recorded } from "./verification-text.ts";

/** verify-backup: exit status 1 when the backup did not pass. */
export async function verify(session: Session, backupId: string, level: VerificationLevel): Promise<void> {
  const { services, actor } = session;
  const backup = await services.backups.existing(backupId as BackupId);
  const { id } = await services.verifications.create(actor, backup.id, level);
  const proof = await performed(session, id);
  answer(session, recorded(proof), provenText(backup.name, proof));
}

/** Runs the verification that waits under `id`; sets the exit status when the backup did not pass. */
export async function performed(session: Session, id: VerificationId): Promise<Proof> {
  const { verifications } = session.services;
  const row = await runShown(session, verifications, id);
  if (!row.passed) process.exitCode = 1;
  return { row, report: await verifications.reportOf(id) };
}
