import type { BackupType, OperationKind, Phase } from "../../shared/enums.ts";
import type { ProgressPartsFragment } from "../graphql/generated.ts";

/** One step of an operation as a person follows it; several phases may belong to one. */
export interface Step {
  readonly key: "prepare" | "check" | "safety" | "database" | "media" | "store" | "switch" | "end";
  readonly word: string;
}
export interface Stepped {
  readonly kind: OperationKind;
  readonly type: BackupType;
  /** Of a restore: switched in at the end. */
  readonly staged?: boolean;
  /** Of a restore: the target is backed up first. */
  readonly safety?: boolean;
  /** Of a verification: it restores, and does not only read. */
  readonly drill?: boolean;
}

/** The steps that an operation passes, in order. */
export function stepsOf({ kind, type, staged = false, safety = false, drill = false }: Stepped): Step[] {
  const parts: Step[] = [
    ...(type === "MEDIA" ? [] : [{ key: "database", word: "Database" } as const]),
    ...(type === "DATABASE" ? [] : [{ key: "media", word: "Media" } as const]),
  ];
  if (kind === "VERIFICATION")
    return [{ key: "prepare", word: "Preparing" }, ...(drill ? drilled(parts) : [reading]), { key: "end", word: "Finished" }];
  if (kind === "COPY")
    return [
      { key: "prepare", word: "Preparing" },
      { key: "store", word: "Copying" },
      { key: "end", word: "Finished" },
    ];
  if (kind !== "RESTORE")
    return [{ key: "prepare", word: "Preparing" }, ...parts, { key: "store", word: "Storing" }, { key: "end", word: "Finished" }];
  return [
    { key: "check", word: "Checking" },
    ...(safety ? [{ key: "safety", word: "Safety backup" } as const] : []),
    ...parts,
    ...(staged ? [{ key: "switch", word: "Switching" } as const] : []),
    { key: "end", word: "Finished" },
  ];
}

const reading: Step = { key: "check", word: "Reading the bytes" };

/** A drill compares the database before it comes to the media. */
const drilled = (parts: readonly Step[]): Step[] =>
  parts.flatMap((part) => (part.key === "database" ? [part, { key: "check", word: "Comparing" }] : [part]));

type Where = Pick<ProgressPartsFragment, "kind" | "phase" | "currentItem">;

/** The step that a report belongs to. A restore that prepares something by name prepares its safety backup. */
export function stepOf({ kind, phase, currentItem }: Where): Step["key"] {
  if (kind === "RESTORE" && (phase === "STORING" || (phase === "PREPARING" && currentItem !== null))) return "safety";
  const keys: Record<Phase, Step["key"]> = {
    PREPARING: kind === "RESTORE" ? "check" : "prepare",
    VERIFYING: kind === "BACKUP" ? "store" : "check",
    DATABASE: "database",
    MEDIA: "media",
    STORING: "store",
    SWITCHING: "switch",
    FINISHING: "end",
  };
  return keys[phase];
}

/** The word of a report's step, for a line that stands alone. A copy reads and stores in one. */
export const presentStep = (where: Where): string =>
  where.kind === "COPY" && where.phase === "STORING" ? "Copying" : stepWord[stepOf(where)];

const stepWord: Record<Step["key"], string> = {
  prepare: "Preparing",
  check: "Checking",
  safety: "Safety backup",
  database: "Database",
  media: "Media",
  store: "Storing",
  switch: "Switching",
  end: "Finishing",
};
