import type { BackupType, RestoreMode } from "../../shared/enums.ts";
import type { BackupRowFragment, RestoreInput, SourceStateFragment, UploadPartsFragment } from "../graphql/generated.ts";
import { nothingTicked, type Ticked, tickedType } from "../lib/ticked.ts";
import { offeredCollations, rewritesOf } from "../lib/upload-words.ts";

export const restoreSteps = ["What?", "Which parts?", "Where to?", "Are you sure?"] as const;

/** The parts to restore: all of a type, or only what was ticked. */
export type Parts = BackupType | "TICKED";

/** A restore being put together, one plain question after the other. */
export class RestoreDraft {
  sources: readonly SourceStateFragment[] = $state.raw([]);
  uploads: readonly UploadPartsFragment[] = $state.raw([]);
  step = $state(0);
  sourceId = $state("");
  backup = $state.raw<BackupRowFragment | null>(null);
  /** Uploads to restore instead of a backup. */
  uploadIds = $state.raw<readonly string[]>([]);
  ticked = $state.raw<Ticked>(nothingTicked);
  mode = $state<RestoreMode>("REPLACE");
  inPlace = $state(false);
  elsewhere = $state(false);
  otherDatabase = $state("");
  stripDefiner = $state(false);
  collations = $state<{ from: string; to: string; on: boolean }[]>([]);
  typedName = $state("");
  #parts = $state<Parts>("FULL");
  #safety = $state(true);
  #skipBinaryLog = $state(false);
  #targetId = $state<string | null>(null);

  source = $derived(this.sources.find(({ id }) => id === this.sourceId));
  target = $derived(this.sources.find(({ id }) => id === this.targetId));
  files = $derived(this.uploads.filter(({ id }) => this.uploadIds.includes(id)));
  whole = $derived<BackupType>(this.backup?.type ?? wholeOf(this.files));
  choices = $derived<Parts[]>([
    ...(this.backup && tickedType(this.ticked) ? ["TICKED" as const] : []),
    ...(this.whole === "FULL" ? (["FULL", "DATABASE", "MEDIA"] as const) : [this.whole]),
  ]);
  definers = $derived(this.files.flatMap(({ findings }) => findings.filter(({ rewrite }) => rewrite === "STRIP_DEFINER")));

  constructor(sources: readonly SourceStateFragment[], uploads: readonly UploadPartsFragment[], sourceId: string | null) {
    this.sources = sources;
    this.uploads = uploads;
    const first = sources.find(({ id }) => id === sourceId) ?? sources.find(({ lastBackup }) => lastBackup) ?? sources[0];
    this.sourceId = first?.id ?? "";
  }

  /** Takes a backup and goes on to the next question, or straight to the last one for an undo. */
  choose(backup: BackupRowFragment, ticked: Ticked, step = 1) {
    this.backup = backup;
    this.uploadIds = [];
    this.sourceId = backup.source.id;
    this.#targetId = null;
    this.ticked = ticked;
    this.#parts = tickedType(ticked) ? "TICKED" : backup.type;
    this.go(step);
  }

  /** Takes uploaded files and goes on to the next question. */
  chooseUploads(ids: readonly string[]) {
    this.backup = null;
    this.uploadIds = ids;
    this.collations = offeredCollations(this.files.flatMap(({ findings }) => findings)).map((offer) => ({ ...offer, on: false }));
    this.go(1);
  }

  go(step: number) {
    this.step = step;
    this.typedName = "";
  }

  get parts(): Parts {
    return this.choices.includes(this.#parts) ? this.#parts : (this.choices[0] ?? "FULL");
  }

  set parts(parts: Parts) {
    this.#parts = parts;
  }

  get type(): BackupType {
    return this.parts === "TICKED" ? (tickedType(this.ticked) ?? "FULL") : this.parts;
  }

  /** In place it cannot be left out: it is what a failure goes back to. */
  get backupBeforeRestore(): boolean {
    return this.#safety || this.inPlace;
  }

  set backupBeforeRestore(safety: boolean) {
    this.#safety = safety;
  }

  get skipBinaryLog(): boolean {
    return this.#skipBinaryLog && this.type !== "MEDIA";
  }

  set skipBinaryLog(skip: boolean) {
    this.#skipBinaryLog = skip;
  }

  get targetId(): string {
    return this.#targetId ?? this.sourceId;
  }

  set targetId(id: string) {
    this.#targetId = id;
  }

  /** Another database than the target's own; null for its own. */
  get targetDatabase(): string | null {
    return this.elsewhere && this.type !== "MEDIA" ? this.otherDatabase.trim() || null : null;
  }

  get input(): RestoreInput {
    const ticked = this.parts === "TICKED" ? this.ticked : nothingTicked;
    return {
      ...(this.backup
        ? { backupId: this.backup.id }
        : {
            uploadIds: [...this.uploadIds],
            rewrites: rewritesOf(
              this.definers.length > 0 && this.stripDefiner,
              this.collations.filter(({ on }) => on),
            ),
          }),
      type: this.type,
      mode: this.mode,
      tables: ticked.tables.length > 0 ? [...ticked.tables] : null,
      paths: ticked.paths.length > 0 ? [...ticked.paths] : null,
      targetSourceId: this.targetId,
      targetDatabase: this.targetDatabase,
      backupBeforeRestore: this.backupBeforeRestore,
      staged: !this.inPlace,
      skipBinaryLog: this.skipBinaryLog,
    };
  }
}

function wholeOf(files: readonly UploadPartsFragment[]): BackupType {
  const media = files.some((file) => file.media);
  return files.some((file) => file.database) ? (media ? "FULL" : "DATABASE") : media ? "MEDIA" : "FULL";
}
