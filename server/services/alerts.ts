import type { NotificationEvent } from "../../shared/enums.ts";
import { findVerificationSource, listAllSchedules, listSchedulesWithNews } from "../db/alert-history.ts";
import { listRaised, removeStatesExcept } from "../db/alerts.ts";
import { findBackup } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { readMark, writeMark } from "../db/marks.ts";
import { listSources } from "../db/sources.ts";
import { listStorages, missingCopies, storageUse } from "../db/storages.ts";
import { type Actor, allow } from "../domain/access.ts";
import type { BackupId, DeliveryId, SourceId, VerificationId } from "../domain/ids.ts";
import type { SettingValues } from "../domain/settings.ts";
import type { Bus } from "../events/bus.ts";
import { scheduleEvents, scheduleNews } from "./alert-schedule.ts";
import { sourceEvents, sourceNews } from "./alert-source.ts";
import { refusedByStorage, storageEvents, storageNews } from "./alert-storage.ts";
import { evaluate } from "./alert-subject.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Ended } from "./followers.ts";
import { type Audience, readAudience } from "./outbox.ts";
import type { OwnedSettings } from "./settings.ts";
import type { Storages } from "./storages.ts";

interface Dependencies {
  readonly db: Db;
  readonly bus: Bus;
  readonly settings: Pick<OwnedSettings, "current">;
  readonly deliveries: Pick<Deliveries, "wake">;
  readonly storages: Pick<Storages, "capacity" | "problemOf">;
  readonly now: () => Date;
}

/** Something that is wrong now. */
export interface Alert {
  readonly event: NotificationEvent;
  readonly subject: string;
  readonly since: Date;
  readonly title: string;
  readonly path: string | null;
}

export type Alerts = ReturnType<typeof createAlerts>;

const beginsMark = "alerts.begin";

/** Watches everything for changes that people want to know of, and puts each into the outbox once. */
export function createAlerts({ db, bus, settings, deliveries, storages, now }: Dependencies) {
  /** History before the first start of this is not told. */
  async function begins(): Promise<Date> {
    const noted = await readMark<string>(db, beginsMark);
    if (noted) return new Date(noted);
    const at = now();
    await writeMark(db, beginsMark, at.toISOString());
    return at;
  }

  interface Round {
    readonly at: Date;
    readonly values: SettingValues;
    readonly audience: Audience;
    readonly begins: Date;
  }
  async function round(): Promise<Round> {
    const values = await settings.current();
    return { at: now(), values, audience: await readAudience(db, values), begins: await begins() };
  }

  async function ofSources(ids: readonly SourceId[] | null, { at, values, audience, begins }: Round): Promise<DeliveryId[]> {
    const told: DeliveryId[] = [];
    for (const source of await listSources(db))
      if (ids === null || ids.includes(source.id))
        told.push(
          ...(await evaluate(db, `source:${source.id}`, { events: sourceEvents, audience, at, begins }, (reading) =>
            sourceNews(source, values, at, reading),
          )),
        );
    return told;
  }

  async function ofSchedules({ at, values, audience, begins }: Round): Promise<DeliveryId[]> {
    const names = new Map((await listSources(db)).map(({ id, name }) => [id, name]));
    const told: DeliveryId[] = [];
    for (const schedule of await listSchedulesWithNews(db, begins)) {
      const named = { source: names.get(schedule.sourceId) ?? "", target: names.get(schedule.targetSourceId ?? schedule.sourceId) ?? "" };
      told.push(
        ...(await evaluate(db, `schedule:${schedule.id}`, { events: scheduleEvents, audience, at, begins }, (reading) =>
          scheduleNews(schedule, named, values, at, reading),
        )),
      );
    }
    return told;
  }

  async function ofStorages({ at, values, audience, begins }: Round): Promise<DeliveryId[]> {
    const [use, refused, missing] = [await storageUse(db), await refusedByStorage(db, at), await missingCopies(db)];
    const told: DeliveryId[] = [];
    for (const storage of await listStorages(db)) {
      const facts = {
        usedBytes: use.get(storage.id)?.bytes ?? 0,
        capacity: await storages.capacity(storage),
        refused: refused.get(storage.id) ?? [],
        problem: await storages.problemOf(storage),
        missingCopies: missing.get(storage.id) ?? 0,
      };
      told.push(
        ...(await evaluate(db, `storage:${storage.id}`, { events: storageEvents, audience, at, begins }, async (reading) =>
          storageNews(storage, facts, values, at, reading),
        )),
      );
    }
    return told;
  }

  async function announce(ids: readonly DeliveryId[]): Promise<void> {
    for (const id of ids) bus.publish("delivery", { id });
    if (ids.length > 0) await deliveries.wake();
  }

  async function forgetGone(): Promise<void> {
    await removeStatesExcept(
      db,
      "source",
      (await listSources(db)).map(({ id }) => id),
    );
    await removeStatesExcept(
      db,
      "schedule",
      (await listAllSchedules(db)).map(({ id }) => id),
    );
    await removeStatesExcept(
      db,
      "storage",
      (await listStorages(db)).map(({ id }) => id),
    );
  }

  return {
    /** To be called before the first operation runs: from here on history is told. */
    begins,

    /** Tells of an operation that ended. */
    async follow({ kind, id }: Ended): Promise<void> {
      const now = await round();
      const sourceId =
        kind === "BACKUP"
          ? (await findBackup(db, id as BackupId))?.sourceId
          : kind === "VERIFICATION"
            ? await findVerificationSource(db, id as VerificationId)
            : null;
      const told = sourceId ? await ofSources([sourceId], now) : [];
      await announce([...told, ...(await ofSchedules(now)), ...(kind === "CLEANUP" ? await ofStorages(now) : [])]);
    },

    /** Catches up with what a crash came between, and looks at what only time changes. */
    async upkeep(): Promise<void> {
      const now = await round();
      await announce([...(await ofSources(null, now)), ...(await ofSchedules(now)), ...(await ofStorages(now))]);
      await forgetGone();
    },

    /** What is wrong now, the oldest first. */
    async list(actor: Actor | null): Promise<Alert[]> {
      allow(actor, "read");
      return (await listRaised(db)).map(({ event, subject, since, details }) => ({
        ...{ event, subject, since, title: details?.title ?? event, path: details?.path ?? null },
      }));
    },
  };
}
