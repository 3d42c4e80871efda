import type { Db } from "../db/client.ts";
import { pingCatalog } from "../db/metrics.ts";
import { listSources } from "../db/sources.ts";
import type { OwnedSettings } from "./settings.ts";
import type { Storages } from "./storages.ts";

/** One part that work needs: `look` resolves when it is there, and rejects with why it is not. */
export interface ReadinessPart {
  readonly part: "catalog" | "queue" | "storage" | "tools";
  readonly look: () => Promise<unknown>;
}

interface Dependencies {
  readonly catalog: Db;
  readonly storages: Pick<Storages, "choose" | "ready">;
  readonly settings: Pick<OwnedSettings, "tools">;
  /** Rejects when the queue does not wake anybody any more. */
  readonly queueAlive: () => Promise<void>;
}

/** What has to be there before a backup can be taken. */
export const readinessOf = ({ catalog, storages, settings, queueAlive }: Dependencies): readonly ReadinessPart[] => [
  { part: "catalog", look: () => pingCatalog(catalog) },
  { part: "queue", look: queueAlive },
  { part: "storage", look: async () => storages.ready(await storages.choose(null)) },
  {
    part: "tools",
    // Media alone needs none.
    look: async () => (await listSources(catalog)).some(({ databaseName }) => databaseName !== null) && settings.tools(),
  },
];
