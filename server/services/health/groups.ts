import type { Db } from "../../db/client.ts";
import { holdsEncrypted } from "../../db/health.ts";
import { listSources } from "../../db/sources.ts";
import { listStorages } from "../../db/storages.ts";
import { directoryOf } from "../../domain/storage.ts";
import type { ClientTools } from "../../engine/part.ts";
import type { ClockWatch } from "../clock-watch.ts";
import type { KeptBackups } from "../kept-backups.ts";
import type { Keys } from "../keys.ts";
import type { Schedules } from "../schedules.ts";
import type { OwnedSettings } from "../settings.ts";
import type { Sources } from "../sources.ts";
import type { StatisticsService } from "../statistics.ts";
import type { Storages } from "../storages.ts";
import { forecastHealth } from "./forecast.ts";
import { keyHealth } from "./key.ts";
import type { HealthGroup } from "./look.ts";
import { machineHealth } from "./machine.ts";
import { notificationHealth } from "./notifications.ts";
import { programHealth } from "./programs.ts";
import { protectionHealth } from "./protection.ts";
import { scheduleHealth } from "./schedules.ts";
import { sourceHealth } from "./sources.ts";
import { storageHealth } from "./storages.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly catalogName: string;
  readonly home: string;
  readonly keyFile: string;
  readonly settings: OwnedSettings;
  readonly sources: Sources;
  readonly storages: Storages;
  readonly schedules: Pick<Schedules, "healths">;
  readonly statistics: StatisticsService;
  readonly kept: KeptBackups;
  readonly clock: ClockWatch;
  readonly keys: Pick<Keys, "currentKeyId" | "kitMadeAt" | "lost">;
  readonly tools: () => Promise<ClientTools>;
  readonly drillServer: () => Promise<string>;
  readonly queueAlive: (() => Promise<void>) | null;
  readonly url: () => string | null;
  readonly now: () => Date;
}

/** Everything that is looked at. */
export function healthGroups(dependencies: Dependencies): readonly HealthGroup[] {
  const { catalog, keys, settings } = dependencies;
  const hasDatabase = async () => (await listSources(catalog)).some(({ databaseName }) => databaseName !== null);
  const kit = async () => ({
    madeAt: await keys.kitMadeAt(keys.currentKeyId()),
    needed: (await settings.current()).encryptBackups || (await holdsEncrypted(catalog)),
  });
  async function places() {
    const folders = (await listStorages(catalog)).map(directoryOf);
    return { folders: folders.filter((folder) => folder !== null), away: folders.includes(null) };
  }
  return [
    machineHealth(dependencies),
    keyHealth({ ...dependencies, kit, places, lost: keys.lost }),
    programHealth({ ...dependencies, hasDatabase }),
    sourceHealth(dependencies),
    protectionHealth(dependencies),
    storageHealth(dependencies),
    forecastHealth(dependencies),
    scheduleHealth(dependencies),
    notificationHealth(dependencies),
  ];
}
