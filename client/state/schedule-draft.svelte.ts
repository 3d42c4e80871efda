import type {
  BackupType,
  Compression,
  MissedRunPolicy,
  OverlapPolicy,
  RestoreMode,
  ScheduleFrequency,
  ScheduleKind,
  VerificationLevel,
} from "../../shared/enums.ts";
import { limits as bounds } from "../../shared/limits.ts";
import type { ScheduleChoicesQuery, ScheduleDetailFragment, ScheduleInput } from "../graphql/generated.ts";
import { type EncryptChoice, encryptAsked, encryptChosen } from "../lib/encryption-words.ts";
import type { FailureView } from "../lib/failures.ts";
import type { EngineChoice, MediaChoice } from "../lib/reading-words.ts";
import { type Limits, noLimits } from "../lib/retention-words.ts";
import { faultAt, isCount, limitsFaultOf, type ScheduleFault, timeOf } from "../lib/schedule-faults.ts";
import { ordinal, viewerZone, weekdays } from "../lib/schedule-words.ts";
import { partsOf } from "../lib/words.ts";

/** A schedule being written: what the form binds to, the input that it makes, and what is wrong with it. */
export class ScheduleDraft {
  readonly id: string | null;
  readonly known: ScheduleChoicesQuery;
  name = $state("");
  kind = $state<ScheduleKind>("BACKUP");
  sourceId = $state("");
  targetSourceId = $state("");
  restoreMode = $state<RestoreMode>("REPLACE");
  level = $state<VerificationLevel>("RESTORE");
  frequency = $state<ScheduleFrequency>("DAILY");
  timeOfDay = $state("03:00");
  dayOfWeek = $state("1");
  dayOfMonth = $state("1");
  cron = $state("0 3 * * *");
  timeZone = $state(viewerZone());
  /** The first is read first; none: the default storage. */
  storageIds = $state<string[]>([]);
  encrypt = $state<EncryptChoice>("usual");
  compression = $state<Compression | "">("");
  excludeLogs = $state(true);
  /** Empty: as the source says. */
  databaseEngine = $state<EngineChoice>("");
  mediaMode = $state<MediaChoice>("");
  verifyAfter = $state<VerificationLevel | "OFF">("CHECKSUM");
  ownRetention = $state(false);
  limits = $state<Limits>({ ...noLimits });
  missedRuns = $state<MissedRunPolicy>("RUN_ONCE");
  graceMinutes = $state<number | null>(1440);
  overlap = $state<OverlapPolicy>("WAIT");
  jitterSeconds = $state<number | null>(0);
  quiet = $state(false);
  quietFrom = $state("08:00");
  quietTo = $state("18:00");
  retries = $state<number | null>(2);
  /** What the server said of it last: of the preview while it is written, of the save after one. */
  refused = $state.raw<FailureView | null>(null);
  readonly #active: boolean;
  #type = $state<BackupType>("FULL");

  types = $derived.by((): BackupType[] => {
    const held = partsOf(this.source);
    const taken = this.kind === "RESTORE" ? partsOf(this.known.sources.find(({ id }) => id === this.targetSourceId)) : held;
    return held.filter((type) => taken.includes(type));
  });
  targets = $derived.by(() => this.known.sources.filter(({ id }) => id !== this.sourceId));

  get source() {
    return this.known.sources.find(({ id }) => id === this.sourceId);
  }

  constructor(known: ScheduleChoicesQuery, schedule: ScheduleDetailFragment | null, sourceId: string | null = null) {
    this.known = known;
    this.id = schedule?.id ?? null;
    this.#active = schedule?.active ?? true;
    this.sourceId = known.sources.find(({ id }) => id === sourceId)?.id ?? known.sources[0]?.id ?? "";
    this.limits = { ...noLimits, ...known.settings.retention };
    if (schedule) this.#take(schedule);
    this.targetSourceId ||= this.targets[0]?.id ?? "";
  }

  #take(schedule: ScheduleDetailFragment) {
    const { quietHours, ownRetention } = schedule;
    this.name = schedule.name;
    this.kind = schedule.kind;
    this.sourceId = schedule.source.id;
    this.targetSourceId = schedule.targetSource?.id ?? "";
    this.restoreMode = schedule.restoreMode ?? "REPLACE";
    this.level = schedule.level ?? "RESTORE";
    this.frequency = schedule.frequency;
    this.timeOfDay = schedule.timeOfDay ?? this.timeOfDay;
    this.dayOfWeek = String(schedule.dayOfWeek ?? 1);
    this.dayOfMonth = String(schedule.dayOfMonth ?? 1);
    this.cron = schedule.cron ?? this.cron;
    this.timeZone = schedule.timeZone;
    this.#type = schedule.backupType;
    this.storageIds = schedule.ownStorageId === null ? [] : schedule.storages.map(({ id }) => id);
    this.encrypt = encryptChosen(schedule.encrypt);
    this.compression = schedule.ownCompression ?? "";
    this.excludeLogs = schedule.excludeLogs;
    this.databaseEngine = schedule.databaseEngine ?? "";
    this.mediaMode = schedule.mediaMode ?? "";
    this.verifyAfter = schedule.verifyAfter ?? "OFF";
    this.ownRetention = ownRetention !== null;
    this.limits = { ...noLimits, ...(ownRetention ?? this.known.settings.retention) };
    this.missedRuns = schedule.missedRuns;
    this.graceMinutes = schedule.graceMinutes;
    this.overlap = schedule.overlap;
    this.jitterSeconds = schedule.jitterSeconds;
    this.quiet = quietHours !== null;
    this.quietFrom = quietHours?.from ?? this.quietFrom;
    this.quietTo = quietHours?.to ?? this.quietTo;
    this.retries = schedule.retries;
  }

  get type(): BackupType {
    return this.types.includes(this.#type) ? this.#type : (this.types[0] ?? "FULL");
  }

  set type(type: BackupType) {
    this.#type = type;
  }

  /** What it is called when nobody names it: "Shop every day". */
  get suggestedName(): string {
    const of = this.source?.name ?? "Schedule";
    const what = { BACKUP: of, RESTORE: `Restore of ${of}`, VERIFICATION: `Proof of ${of}` }[this.kind];
    const when = {
      DAILY: "every day",
      WEEKLY: `every ${weekdays[Number(this.dayOfWeek)] ?? "week"}`,
      MONTHLY: `every ${ordinal(Number(this.dayOfMonth))}`,
      CRON: this.cron.trim(),
    }[this.frequency];
    return `${what} ${when}`.trim();
  }

  /** Its own limits; null for the general rule. */
  get retention(): Limits | null {
    if (!this.ownRetention || this.kind !== "BACKUP") return null;
    const { days, keepLast, keepDaily, keepWeekly, keepMonthly, keepYearly } = this.limits;
    return { days, keepLast, keepDaily, keepWeekly, keepMonthly, keepYearly };
  }

  /** What is wrong with its own limits; null when they can be asked about. */
  get limitsFault(): string | null {
    return this.retention && limitsFaultOf(this.retention);
  }

  /** What is wrong by itself, before anybody asks the server. */
  get faults(): ScheduleFault[] {
    const { kind, frequency } = this;
    const told: (ScheduleFault | false)[] = [
      this.sourceId === "" && faultAt("source", "Choose a source."),
      kind === "RESTORE" &&
        this.targetSourceId === "" &&
        faultAt("target", "Choose another source to restore into; add one first where there is none."),
      frequency !== "CRON" && timeOf(this.timeOfDay) === null && faultAt("time", "Write the time as hours and minutes, such as 03:00."),
      frequency === "CRON" && this.cron.trim() === "" && faultAt("cron", "Write five fields, such as 0 3 * * 1-5."),
      !this.known.timeZones.includes(this.timeZone) && faultAt("zone", "Choose a time zone of the list."),
      this.limitsFault !== null && faultAt("retention", this.limitsFault),
      !isCount(this.graceMinutes, 0, bounds.graceMinutes) &&
        faultAt("grace", `Catching up: write whole minutes, from 0 to ${bounds.graceMinutes.toLocaleString("en-US")}.`),
      !isCount(this.jitterSeconds, 0, bounds.jitterSeconds) &&
        faultAt("jitter", `Starting late: write whole seconds, from 0 to ${bounds.jitterSeconds.toLocaleString("en-US")}.`),
      !isCount(this.retries, 0, bounds.retries) && faultAt("retries", `Tries: write a whole number from 0 to ${bounds.retries}.`),
      this.quiet &&
        (timeOf(this.quietFrom) === null || timeOf(this.quietTo) === null) &&
        faultAt("quiet", "Quiet hours: write both times as hours and minutes."),
    ];
    return told.filter((fault) => fault !== false);
  }

  /** Only what says when: with names, limits and rules that are still being typed nobody could be asked. */
  get whenInput(): ScheduleInput {
    const jitterSeconds = isCount(this.jitterSeconds, 0, bounds.jitterSeconds) ? this.jitterSeconds : 0;
    const usual = { name: "Preview", retention: null, graceMinutes: 1440, retries: 2, quietHours: null };
    return { ...this.input, ...usual, jitterSeconds };
  }

  get input(): ScheduleInput {
    const { kind, frequency } = this;
    const backup = kind === "BACKUP";
    return {
      name: this.name.trim() || this.suggestedName,
      kind,
      active: this.#active,
      sourceId: this.sourceId,
      targetSourceId: kind === "RESTORE" ? this.targetSourceId : null,
      restoreMode: kind === "RESTORE" ? this.restoreMode : null,
      level: kind === "VERIFICATION" ? this.level : null,
      frequency,
      timeOfDay: frequency === "CRON" ? null : timeOf(this.timeOfDay),
      dayOfWeek: frequency === "WEEKLY" ? Number(this.dayOfWeek) : null,
      dayOfMonth: frequency === "MONTHLY" ? Number(this.dayOfMonth) : null,
      cron: frequency === "CRON" ? this.cron.trim() : null,
      timeZone: this.timeZone,
      backupType: this.type,
      storageIds: backup && this.storageIds.length > 0 ? this.storageIds : null,
      encrypt: backup ? encryptAsked(this.encrypt) : null,
      compression: backup ? this.compression || null : null,
      excludeLogs: this.excludeLogs,
      databaseEngine: backup ? this.databaseEngine || null : null,
      mediaMode: backup ? this.mediaMode || null : null,
      retention: this.retention,
      verifyAfter: backup && this.verifyAfter !== "OFF" ? this.verifyAfter : null,
      missedRuns: this.missedRuns,
      graceMinutes: this.graceMinutes,
      overlap: this.overlap,
      jitterSeconds: this.jitterSeconds,
      quietHours: this.quiet ? { from: timeOf(this.quietFrom) ?? "", to: timeOf(this.quietTo) ?? "" } : null,
      retries: this.retries,
    };
  }
}
