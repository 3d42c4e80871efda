import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { wireAdministering } from "./app/administering.ts";
import { type Given, openGround } from "./app/ground.ts";
import { wireProtecting } from "./app/protecting.ts";
import { wireRestoring } from "./app/restoring.ts";
import { wireRunning } from "./app/running.ts";
import { wireScheduling } from "./app/scheduling.ts";
import { wireStoring } from "./app/storing.ts";
import { wireTelling } from "./app/telling.ts";
import { wireWatching } from "./app/watching.ts";
import { type Catalog, openCatalog } from "./db/client.ts";
import { type Embedded, openEmbedded } from "./db/embedded.ts";
import { migrate } from "./db/migrate.ts";
import { adoptFirstSettings } from "./first-settings.ts";
import type { Log } from "./log.ts";
import { followOthers } from "./services/followed.ts";
import type { Queue } from "./services/queue.ts";
import { createReads, type Reads } from "./services/reads.ts";
import type { Secrets } from "./services/secrets.ts";
import type { Services } from "./services/services.ts";
import type { AdaptStorage } from "./services/storage-adapters.ts";
import { createUpkeep, type Upkeep } from "./services/upkeep.ts";
import type { Settings } from "./settings.ts";

/** Everything below the protocols, built and wired; main.ts serves it, the command line uses it. */
export interface App {
  readonly catalog: Catalog;
  readonly secrets: Secrets;
  readonly services: Services;
  readonly reads: Reads;
  readonly upkeep: Upkeep;
  /** Resolves when all that follows from operations that have ended is done. */
  idle(): Promise<void>;
  /** Where the dashboard is, for links in messages, as soon as that is known. */
  servedAt(url: string): void;
  /** Cancels what runs here and lets go of the catalog. */
  close(): Promise<void>;
}

/** The folder that holds server/ and drizzle/, whether this runs from source or from dist/. */
const root = (() => {
  const above = dirname(dirname(fileURLToPath(import.meta.url)));
  return above.endsWith("/dist") ? dirname(above) : above;
})();
export const dashboardFolder = join(root, "dist/client");

/**
 * Opens the catalog (embedded without a URL), brings it up to date, and builds the services. `queueOn` makes the queue that
 * wakes workers. Aborting `signal` calls the opening off. `now` is the clock of everything in it; `adapt` stands before each storage.
 */
export async function openApp(
  settings: Settings,
  log: Log,
  queueOn: (catalog: Catalog) => Promise<Queue>,
  signal?: AbortSignal,
  now: () => Date = () => new Date(),
  adapt?: AdaptStorage,
): Promise<App> {
  const say = (line: string) => log.log.info(line);
  const embedded = settings.databaseUrl ? null : await openEmbedded(settings.home, { say, ...(signal ? { signal } : {}) });
  const catalog = openCatalog(embedded ? pick(embedded) : { url: settings.databaseUrl ?? "" });
  const close = async () => {
    await catalog.close();
    await embedded?.close();
  };
  try {
    await migrate(catalog.pool, join(root, "drizzle"));
    const queue = await queueOn(catalog);
    return await wire({ settings, log, catalog, queue, now }, close, adapt);
  } catch (error) {
    await close();
    throw error;
  }
}

const pick = ({ socketPath, user, database }: Embedded) => ({ socketPath, user, database });

/** Builds the rooms, each on those before it, and joins what they hold to one house. */
async function wire(given: Given, close: () => Promise<void>, adapt: AdaptStorage | undefined): Promise<App> {
  const ground = await openGround(given);
  const running = wireRunning(ground);
  const storing = wireStoring(ground, adapt);
  const protecting = wireProtecting(ground, running, storing);
  const restoring = await wireRestoring(ground, running, storing, protecting);
  const scheduling = wireScheduling(ground, running, storing, protecting, restoring);
  const telling = wireTelling(ground, storing);
  const watching = wireWatching(ground, storing, protecting, scheduling);
  const administering = wireAdministering(ground, storing, protecting, telling);

  const { db, bus, now, onError } = ground;
  const rooms = { ...running, ...storing, ...protecting, ...restoring, ...scheduling, ...telling, ...watching, ...administering };
  // What else the rooms hold is theirs: the type shows of it what is for all.
  const services: Services = { ...rooms, audit: ground.audit, settings: ground.owned };
  const { followers, admission, lines, copies, packs, scheduleRuns, schedules, alerts, cleanups, storages } = rooms;
  followers.add(admission.follow);
  if (lines) followers.add(lines.follow);
  followers.add(copies.follow, packs.pruneDue);
  // Whether a failed try is made good by another is known once its run has been settled.
  followers.add(scheduleRuns.follow, alerts.follow, cleanups.follow);
  await adoptFirstSettings(given.settings, services, ground.say);
  await alerts.begins();
  const others = followOthers({ db, bus, now, onError });
  return {
    catalog: given.catalog,
    secrets: ground.secrets,
    services,
    reads: createReads(db, storages, schedules, cleanups, now),
    upkeep: createUpkeep({ ...rooms, queue: given.queue, onError }),
    idle: followers.idle,
    servedAt: ground.servedAt,
    async close() {
      await rooms.uploads.stop();
      await scheduleRuns.stop();
      admission.stop();
      await rooms.operations.stop();
      await followers.idle();
      await rooms.labels.stop();
      await rooms.heartbeats.stop();
      await rooms.deliveries.stop();
      await others.stop();
      lines?.stop();
      rooms.adapters.close();
      await close();
    },
  };
}
