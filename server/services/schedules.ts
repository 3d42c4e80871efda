import type { Compression } from "../../shared/enums.ts";
import type { Db } from "../db/client.ts";
import * as db from "../db/schedules.ts";
import { listStorages } from "../db/storages.ts";
import { type Actor, allow } from "../domain/access.ts";
import { notFound } from "../domain/errors.ts";
import { newId, type ScheduleId, type StorageId } from "../domain/ids.ts";
import type { Retention } from "../domain/retention.ts";
import { nextDue } from "../domain/schedule/due-times.ts";
import { describeRecurrence } from "../domain/schedule/sentence.ts";
import { checkedZone, isZone } from "../domain/schedule/zones.ts";
import type { Recurrence } from "../domain/schedule.ts";
import type { Bus } from "../events/bus.ts";
import type { Alarm } from "./alarm.ts";
import type { Audit } from "./audit.ts";
import { defaultRetention } from "./cleanup-plan.ts";
import { type CheckedSchedule, checkScheduleRequest, type ScheduleRequest } from "./schedule-request.ts";
import { createScheduleViews } from "./schedule-views.ts";
import type { OwnedSettings } from "./settings.ts";
import type { Sources } from "./sources.ts";
import type { Storages } from "./storages.ts";
import { uniqueName } from "./unique-name.ts";

export type { ScheduleRow } from "../db/schedules.ts";

type ScheduleRow = db.ScheduleRow;

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly alarm: Pick<Alarm, "set">;
  readonly audit: Audit;
  readonly settings: Pick<OwnedSettings, "current">;
  readonly sources: Pick<Sources, "choose" | "existing">;
  readonly storages: Pick<Storages, "choose">;
  readonly now: () => Date;
}

/** A schedule with what applies where it leaves something open. */
export interface ScheduleState extends ScheduleRow {
  readonly effective: {
    readonly storageId: StorageId | null;
    /** All of them, the one above at the head. */
    readonly storageIds: readonly StorageId[];
    readonly retention: Retention;
    readonly compression: Compression;
  };
}

export type Schedules = ReturnType<typeof createSchedules>;

/** What happens by itself, and when. That a due time is carried out is schedule-runs.ts's. */
export function createSchedules(dependencies: Dependencies) {
  const { catalog, bus, alarm, audit, settings, now } = dependencies;

  const existing = async (id: ScheduleId): Promise<ScheduleRow> => {
    const row = await db.findSchedule(catalog, id);
    if (!row) throw notFound("schedule", id);
    return row;
  };

  async function describe(rows: readonly ScheduleRow[]): Promise<ScheduleState[]> {
    if (rows.length === 0) return [];
    const values = await settings.current();
    const stores = await listStorages(catalog);
    const usual = (stores.find(({ isDefault }) => isDefault) ?? stores[0])?.id ?? null;
    const retention = defaultRetention(values);
    return rows.map((row) => ({
      ...row,
      effective: {
        storageId: row.storageId ?? usual,
        storageIds: [...new Set([row.storageId ?? usual, ...(row.otherStorageIds ?? [])].filter((each) => each !== null))],
        retention: row.retention ?? retention,
        compression: row.compression ?? values.compression,
      },
    }));
  }

  const described = async (id: ScheduleId): Promise<ScheduleState> => {
    const [state] = await describe([await existing(id)]);
    if (!state) throw notFound("schedule", id);
    return state;
  };

  /** Changes the schedule by what it is now, which nobody else changes meanwhile, and tells whom it concerns. */
  async function change(
    actor: Actor,
    action: string,
    id: ScheduleId,
    changesOf: (row: ScheduleRow) => Partial<ScheduleRow>,
  ): Promise<ScheduleState> {
    await catalog.transaction(async (tx) => {
      const row = await db.lockSchedule(tx, id);
      if (!row) throw notFound("schedule", id);
      await db.updateScheduleRow(tx, id, { ...changesOf(row), updatedAt: now() });
    });
    return changed(actor, action, id);
  }

  async function changed(actor: Actor, action: string, id: ScheduleId): Promise<ScheduleState> {
    const row = await described(id);
    bus.publish("schedule", { id });
    await alarm.set([{ id, at: row.nextRunAt }]);
    await audit.record(actor, action, row.name, { id, when: describeRecurrence(row), active: row.active });
    return row;
  }

  return {
    ...createScheduleViews({ ...dependencies, describe }),
    existing,
    describe,

    /** All of them, by name. */
    async list(actor: Actor | null): Promise<ScheduleState[]> {
      allow(actor, "read");
      return describe(await db.listSchedules(catalog));
    },

    async find(actor: Actor | null, id: ScheduleId): Promise<ScheduleState | null> {
      allow(actor, "read");
      const row = await db.findSchedule(catalog, id);
      return row && ((await describe([row]))[0] ?? null);
    },

    async create(actor: Actor | null, request: ScheduleRequest): Promise<ScheduleState> {
      allow(actor, "configure");
      const checked = await checkScheduleRequest(request, dependencies);
      const [id, at] = [newId<ScheduleId>(), now()];
      await uniqueName("schedule", checked.name, () =>
        db.insertSchedule(catalog, {
          ...{ ...checked, id, ...startedAt(at, checked), pausedReason: null, lastRunAt: null },
          createdAt: at,
          updatedAt: at,
        }),
      );
      return changed(actor, "schedule.create", id);
    },

    /** The whole of it anew. Where its times change, or it goes on after a pause, times before now are not missed. */
    async update(actor: Actor | null, id: ScheduleId, request: ScheduleRequest): Promise<ScheduleState> {
      allow(actor, "configure");
      await existing(id);
      const checked = await checkScheduleRequest(request, dependencies);
      return uniqueName("schedule", checked.name, () =>
        change(actor, "schedule.update", id, (row) => {
          const sameTimes = sameRecurrence(row, checked);
          if (sameTimes && row.active === checked.active) return checked;
          return { ...checked, ...startedAt(now(), checked), pausedReason: null };
        }),
      );
    },

    /** Its runs go with it; its backups stay, without a schedule. */
    async remove(actor: Actor | null, id: ScheduleId): Promise<boolean> {
      allow(actor, "configure");
      const { name } = await existing(id);
      if (!(await db.removeScheduleRow(catalog, id))) throw notFound("schedule", id);
      bus.publish("schedule", { id });
      await alarm.set([{ id, at: null }]);
      await audit.record(actor, "schedule.delete", name, { id });
      return true;
    },

    /** Pauses it or lets it go on, by default what it does not do now. What passed during a pause is not missed. */
    async toggle(actor: Actor | null, id: ScheduleId, active: boolean | null): Promise<ScheduleState> {
      allow(actor, "configure");
      const wanted = active ?? !(await existing(id)).active;
      return change(actor, wanted ? "schedule.resume" : "schedule.pause", id, (row) => {
        if (row.active === wanted) return {};
        if (wanted) checkedZone(row.timeZone);
        return { active: wanted, pausedReason: null, ...startedAt(now(), { ...row, active: wanted }) };
      });
    },

    /** Pauses the schedules whose zone this machine no longer knows: when they are due cannot be told. */
    async pauseUnknownZones(): Promise<void> {
      const unknown = (await db.listZonesInUse(catalog)).filter((zone) => !isZone(zone));
      if (unknown.length === 0) return;
      const paused = await catalog.transaction((tx) => db.pauseZones(tx, unknown, now(), unknownZoneReason));
      await alarm.set(paused.map(({ id }) => ({ id, at: null })));
      for (const { id, name, timeZone } of paused) {
        bus.publish("schedule", { id });
        await audit.record(self, "schedule.pause", name, { id, reason: unknownZoneReason(timeZone) });
      }
    },
  };
}

/** Who pauses a schedule that cannot go on. */
const self = { kind: "schedule", name: "Holdfast", role: "ADMIN" } as const satisfies Actor;

const unknownZoneReason = (zone: string) =>
  `This machine does not know the time zone ${zone} any more, so it cannot tell when the schedule is due. Choose another zone and resume it.`;

/** Times up to now are dealt with; the next one is looked for after it. */
const startedAt = (at: Date, schedule: Recurrence & { readonly active: boolean }) => ({
  consideredUntil: at,
  nextRunAt: schedule.active ? nextDue(schedule, at) : null,
});

const recurrenceFields = ["frequency", "timeOfDay", "dayOfWeek", "dayOfMonth", "cron", "timeZone"] as const satisfies (keyof Recurrence)[];
const sameRecurrence = (row: ScheduleRow, checked: CheckedSchedule) => recurrenceFields.every((field) => row[field] === checked[field]);
