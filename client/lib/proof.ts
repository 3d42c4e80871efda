import type { BackupRowFragment } from "../graphql/generated.ts";
import { momentName, relativeTime, roughDuration } from "./time.ts";

/** How far a stored backup is proven: nothing looked at, under way, its bytes, a whole restore, or found not to be whole. */
export type ProofLevel = "never" | "running" | "checksum" | "proven" | "failed";
export interface Proof {
  readonly level: ProofLevel;
  /** When it was proven or failed; null while there is nothing to date. */
  readonly at: string | null;
  /** Seconds that the restore of the drill took; null where there was none. */
  readonly restoreSeconds: number | null;
}
export type Provable = Pick<BackupRowFragment, "provenAt" | "lastVerification">;

/** What the newest verification says; one that could not be carried out says nothing against an earlier proof. */
export function proofOf({ provenAt, lastVerification: last }: Provable): Proof {
  const at = last ? (last.finishedAt ?? last.createdAt) : null;
  if (last?.status === "QUEUED" || last?.status === "RUNNING") return { level: "running", at: null, restoreSeconds: null };
  if (last?.passed === false) return { level: "failed", at, restoreSeconds: null };
  if (provenAt) return { level: "proven", at: provenAt, restoreSeconds: last?.level === "RESTORE" ? last.restoreSeconds : null };
  if (last?.passed === true) return { level: last.level === "RESTORE" ? "proven" : "checksum", at, restoreSeconds: last.restoreSeconds };
  return { level: "never", at: null, restoreSeconds: null };
}

/** The badge's words without the age. */
export const levelWords: Record<ProofLevel, string> = {
  never: "Never proven",
  running: "Being proven",
  checksum: "Checksum verified",
  proven: "Proven",
  failed: "Verification failed",
};

/** "6 hours ago", of what can be dated; null for all else. */
export const proofAge = ({ at }: Proof, now: Date): string | null => (at === null ? null : relativeTime(new Date(at), now));

/** The badge's words, with the age where there is one: "Proven 6 hours ago". */
export const proofWord = (proof: Proof, now: Date): string =>
  [levelWords[proof.level], proofAge(proof, now)].filter((word) => word !== null).join(" ");

/** The whole of it, for a tooltip and the page: "Proven by restoring it, 03:10 today; the restore took about 4 minutes". */
export function proofSentence({ level, at, restoreSeconds }: Proof, now: Date): string {
  const moment = at === null ? "" : momentName(new Date(at), now);
  const took = restoreSeconds === null ? "" : `; the restore took ${roughDuration(restoreSeconds)}`;
  return {
    never: "Never proven: nobody has read it back since it was stored",
    running: "Being proven now",
    checksum: `Every stored byte was read back and is as it was written, ${moment}; it was not restored`,
    proven: `Proven by restoring it, ${moment}${took}`,
    failed: `The verification of ${moment} failed: this backup is not whole`,
  }[level];
}
