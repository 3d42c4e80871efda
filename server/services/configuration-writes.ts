import type { Db } from "../db/client.ts";
import type { ScheduleId } from "../domain/ids.ts";
import type { Bus } from "../events/bus.ts";
import { memoryBus } from "../events/memory.ts";
import type { Alarm, ScheduleAlarm } from "./alarm.ts";
import { createAudit } from "./audit.ts";
import { createChannels } from "./channels.ts";
import type { ConfigurationWrites } from "./configuration-import.ts";
import { createSchedules } from "./schedules.ts";
import { createSending, type SendingDependencies } from "./sending.ts";
import { createSettings, type SettingsDependencies } from "./settings.ts";
import { createSources } from "./sources.ts";
import { createStorageAccess } from "./storage-access.ts";
import type { StorageAdapters } from "./storage-adapters.ts";
import type { StorageLooks } from "./storage-looks.ts";
import { createStorageMarks } from "./storage-marks.ts";
import { createStorages } from "./storages.ts";

interface Dependencies extends Omit<SettingsDependencies, "db" | "audit">, Pick<SendingDependencies, "publicUrl"> {
  readonly bus: Bus;
  readonly alarm: Alarm;
  readonly adapters: StorageAdapters;
  readonly looks: StorageLooks;
  readonly bounds: Parameters<typeof createStorages>[0]["bounds"];
  readonly onError: (error: unknown) => void;
}

/** The services that an import writes through, on one transaction: nobody hears of what they do until it is committed. */
export const configurationWritesOn =
  ({ bus, alarm, publicUrl, adapters, looks, bounds, onError, ...dependencies }: Dependencies) =>
  (tx: Db): { readonly writes: ConfigurationWrites; publish(): Promise<void> } => {
    const { secrets, conceal, now } = dependencies;
    const [quiet, alarms] = [memoryBus(), new Map<ScheduleId, ScheduleAlarm>()];
    const later: Alarm = {
      set: async (each) => {
        for (const one of each) alarms.set(one.id, one);
      },
      replaceAll: async () => {},
    };
    const audit = createAudit({ db: tx, now });
    const settings = createSettings({ ...dependencies, db: tx, audit });
    const marks = createStorageMarks({ db: tx, now, onError });
    const access = createStorageAccess({ secrets, conceal, settings, adapters, marks, looks, now });
    // A plan is taken back, and a file on a storage would stay.
    const storages = createStorages({ db: tx, bus: quiet, audit, access, marks, bounds, now, mark: false });
    const sources = createSources({ db: tx, audit, secrets, conceal, tools: settings.tools, now });
    const sending = createSending({ secrets, conceal, settings, publicUrl, now });
    const schedules = createSchedules({ catalog: tx, bus: quiet, alarm: later, audit, settings, sources, storages, now });
    const channels = createChannels({ db: tx, bus: quiet, audit, settings, sending, now });
    return {
      writes: { db: tx, settings, sources, sending, storages, schedules, channels },
      async publish() {
        await alarm.set([...alarms.values()]);
        for (const id of alarms.keys()) bus.publish("schedule", { id });
      },
    };
  };
