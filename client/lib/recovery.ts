import type { BackupRowFragment, SourceStateFragment, SourceStatisticsPartsFragment } from "../graphql/generated.ts";
import { proofOf } from "./proof.ts";
import { continued, inWords, sentence } from "./text.ts";
import { ageInWords, momentName, relativeTime, roughDuration, targetInWords } from "./time.ts";

/** The answer to "if it broke now, what would I get back, and how fast?" for one source. */
export interface Recovery {
  /** The worst first: bad has nothing or is failing, attention is old or partial, proven was restored and compared. */
  readonly tone: "bad" | "attention" | "idle" | "good" | "proven";
  readonly text: string;
  readonly detail: string | null;
  readonly action: RecoveryAction | null;
}
export interface RecoveryAction {
  readonly kind: "back-up" | "prove" | "fix-source" | "fix-storage" | "see-attempt" | "see-proof";
  readonly label: string;
}

type State = Pick<SourceStateFragment, "name" | "failuresSinceBackup" | "expectedRestoreSeconds" | "measuredRestoreSeconds"> & {
  readonly database: object | null;
  readonly mediaPaths: readonly string[];
  readonly lastBackup: Pick<BackupRowFragment, "type" | "createdAt" | "startedAt" | "provenAt" | "lastVerification"> | null;
  readonly lastProven: Pick<BackupRowFragment, "createdAt" | "startedAt"> | null;
  readonly latestAttempt: Pick<BackupRowFragment, "status" | "error"> | null;
  /** How old its backups and its proof may be; left out while that is not known. */
  readonly targets?: Targets | undefined;
};
type Targets = Pick<SourceStatisticsPartsFragment, "targetBackupAgeSeconds" | "targetProofAgeSeconds" | "proofAgeSeconds">;

/** What is taken for old as long as no target is known. */
const oldAfterSeconds = 36 * 3600;
const backUp: RecoveryAction = { kind: "back-up", label: "Back up now" };
const prove: RecoveryAction = { kind: "prove", label: "Prove it now" };

/** Says in one sentence how `source` stands, and what one button would better it. */
export function recoveryOf(source: State, now: Date, timeZone?: string): Recovery {
  const { name, lastBackup, latestAttempt, failuresSinceBackup } = source;
  const running = latestAttempt?.status === "RUNNING" || latestAttempt?.status === "QUEUED";
  if (!lastBackup) {
    if (running) return { tone: "idle", text: `The first backup of ${name} is running.`, detail: null, action: null };
    if (failuresSinceBackup > 0)
      return { tone: "bad", text: `${name} could not be restored: no backup of it has completed.`, ...failureOf(source) };
    return { tone: "bad", text: `${name} has no backup yet. If it broke now, nothing would come back.`, detail: null, action: backUp };
  }
  const at = new Date(lastBackup.startedAt ?? lastBackup.createdAt);
  const age = (now.getTime() - at.getTime()) / 1000;
  if (failuresSinceBackup > 0)
    return {
      tone: "bad",
      text: `The last good backup of ${name} is ${age < 60 ? "less than a minute" : ageInWords(age)} old.`,
      ...failureOf(source),
    };
  const proof = proofOf(lastBackup);
  if (proof.level === "failed")
    return {
      tone: "bad",
      text: `The newest backup of ${name} is not whole: its verification failed.`,
      detail: earlierProof(source, now, timeZone) ?? "No backup of it is proven.",
      action: { kind: "see-proof", label: "See what is wrong" },
    };
  const late = lateness(source, age);
  const whole = coverage(source);
  const proven = proof.level === "proven" ? ` Proven ${relativeTime(new Date(proof.at ?? lastBackup.createdAt), now)}.` : "";
  const never = source.lastProven === null && proven === "";
  return {
    tone: whole !== null || late !== null ? "attention" : proven === "" ? "good" : "proven",
    text: `${whole ?? name} can be restored to ${momentName(at, now, timeZone)}${speed(source)}.${never ? " Never proven." : proven}`,
    detail: running
      ? "A new backup is running."
      : proof.level === "running"
        ? "It is being proven now."
        : whole !== null
          ? missing(source)
          : late !== null
            ? late.text
            : proven === ""
              ? (earlierProof(source, now, timeZone) ?? unknownSpeed(source))
              : null,
    action: running || proof.level === "running" ? null : (late?.action ?? (never && whole === null ? prove : backUp)),
  };
}

/** What is older than it may be, and what makes it young again; null when nothing is. */
function lateness({ targets }: State, age: number): { readonly text: string; readonly action: RecoveryAction } | null {
  const most = targets === undefined ? oldAfterSeconds : targets.targetBackupAgeSeconds;
  if (most !== null && age > most)
    return {
      text: `Its newest backup is ${ageInWords(age)} old${targets ? `; it may be ${targetInWords(most)} old` : ""}.`,
      action: backUp,
    };
  const proof = targets?.targetProofAgeSeconds ?? null;
  if (!targets || proof === null || (targets.proofAgeSeconds !== null && targets.proofAgeSeconds <= proof)) return null;
  const text =
    targets.proofAgeSeconds === null
      ? `It shall be proven every ${targetInWords(proof)}, and never was.`
      : `Its last proof is ${ageInWords(targets.proofAgeSeconds)} old; it may be ${targetInWords(proof)} old.`;
  return { text, action: prove };
}

/** Which moment is proven when the newest is not; null when none is. */
function earlierProof({ lastProven }: State, now: Date, timeZone?: string): string | null {
  if (!lastProven) return null;
  return `The newest proven one is of ${momentName(new Date(lastProven.startedAt ?? lastProven.createdAt), now, timeZone)}.`;
}

function failureOf({ failuresSinceBackup, latestAttempt }: State): Pick<Recovery, "detail" | "action"> {
  const error = latestAttempt?.error;
  const many = failuresSinceBackup === 1 ? "The last attempt failed" : `The last ${inWords(failuresSinceBackup)} attempts failed`;
  return { detail: sentence(error ? `${many}: ${continued(error.message)}` : many), action: cure(error?.code) };
}

function cure(code: string | undefined): RecoveryAction {
  if (code === "SOURCE_UNAVAILABLE") return { kind: "fix-source", label: "Fix the source" };
  if (code === "STORAGE_FULL" || code === "STORAGE_UNAVAILABLE") return { kind: "fix-storage", label: "Look at the storage" };
  return { kind: "see-attempt", label: "See what happened" };
}

/** Null when the newest backup holds the whole source, else the part of it that it holds. */
function coverage({ name, database, mediaPaths, lastBackup }: State): string | null {
  if (!database || mediaPaths.length === 0 || lastBackup?.type === "FULL") return null;
  return lastBackup?.type === "MEDIA" ? `Only the media of ${name}` : `Only the database of ${name}`;
}

const missing = ({ lastBackup }: State) =>
  lastBackup?.type === "MEDIA" ? "The newest backup leaves out its database." : "The newest backup leaves out its media.";
const seconds = ({ measuredRestoreSeconds, expectedRestoreSeconds }: State) => measuredRestoreSeconds ?? expectedRestoreSeconds;
function speed(source: State): string {
  const known = seconds(source);
  return known === null ? "" : `, in ${roughDuration(known)}`;
}
const unknownSpeed = (source: State) =>
  seconds(source) === null ? "It has never been restored, so how long that takes is not known." : null;

const rank = { bad: 0, attention: 1, idle: 2, good: 3, proven: 4 } as const;

/** The worst first; equals stay in the order in which they came. */
export const worstFirst = <T extends { readonly recovery: Recovery }>(list: readonly T[]): T[] =>
  list.toSorted((a, b) => rank[a.recovery.tone] - rank[b.recovery.tone]);
