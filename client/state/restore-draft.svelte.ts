import type { BackupType } from "../../shared/enums.ts";
import type { BackupRowFragment, RestoreInput, SourceStateFragment } from "../graphql/generated.ts";

export const restoreSteps = ["What?", "Which parts?", "Where to?", "Are you sure?"] as const;

/** A restore being put together, one plain question after the other. */
export class RestoreDraft {
  sources: readonly SourceStateFragment[] = $state.raw([]);
  step = $state(0);
  sourceId = $state("");
  backup = $state.raw<BackupRowFragment | null>(null);
  inPlace = $state(false);
  typedName = $state("");
  #type = $state<BackupType>("FULL");
  #safety = $state(true);
  #targetId = $state<string | null>(null);

  source = $derived(this.sources.find(({ id }) => id === this.sourceId));
  types = $derived<BackupType[]>(this.backup?.type === "FULL" ? ["FULL", "DATABASE", "MEDIA"] : [this.backup?.type ?? "FULL"]);
  target = $derived(this.sources.find(({ id }) => id === this.targetId));

  constructor(sources: readonly SourceStateFragment[], sourceId: string | null) {
    this.sources = sources;
    const first = sources.find(({ id }) => id === sourceId) ?? sources.find(({ lastBackup }) => lastBackup) ?? sources[0];
    this.sourceId = first?.id ?? "";
  }

  /** Takes a backup and goes on to the next question, or straight to the last one for an undo. */
  choose(backup: BackupRowFragment, step = 1) {
    this.backup = backup;
    this.sourceId = backup.source.id;
    this.#targetId = null;
    this.#type = backup.type;
    this.go(step);
  }

  go(step: number) {
    this.step = step;
    this.typedName = "";
  }

  get type(): BackupType {
    return this.types.includes(this.#type) ? this.#type : (this.types[0] ?? "FULL");
  }

  set type(type: BackupType) {
    this.#type = type;
  }

  /** In place it cannot be left out: it is what a failure goes back to. */
  get backupBeforeRestore(): boolean {
    return this.#safety || this.inPlace;
  }

  set backupBeforeRestore(safety: boolean) {
    this.#safety = safety;
  }

  get targetId(): string {
    return this.#targetId ?? this.backup?.source.id ?? "";
  }

  set targetId(id: string) {
    this.#targetId = id;
  }

  get input(): RestoreInput {
    return {
      backupId: this.backup?.id ?? "",
      type: this.type,
      mode: "REPLACE",
      targetSourceId: this.targetId,
      backupBeforeRestore: this.backupBeforeRestore,
      staged: !this.inPlace,
    };
  }
}
