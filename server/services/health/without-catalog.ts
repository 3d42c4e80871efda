import { Failure, messageOf } from "../../domain/errors.ts";
import type { Health } from "../../domain/health.ts";
import type { ClientTools } from "../../engine/part.ts";
import { memoryBus } from "../../events/memory.ts";
import { createHealth } from "../health.ts";
import { keyFileLook } from "./key.ts";
import { about, type HealthGroup } from "./look.ts";
import { homeLook } from "./machine.ts";
import { programHealth } from "./programs.ts";
import { looker } from "./sources.ts";

interface Dependencies {
  readonly home: string;
  readonly keyFile: string;
  readonly tools: () => Promise<ClientTools>;
  readonly drillServer: () => Promise<string>;
  readonly now: () => Date;
}

const subject = { subject: "Catalog", subjectId: null, place: null };

/** What can be found where the catalog cannot be opened, for this reason. */
export function healthWithoutCatalog(error: unknown, { home, keyFile, now, ...programs }: Dependencies): Promise<Health> {
  const hint =
    error instanceof Failure ? (error.hint ?? null) : "Start its database server, and look whether HOLDFAST_DATABASE_URL is right.";
  const broken: HealthGroup = {
    name: "catalog",
    looks: async () => [
      {
        ...{ check: "catalog.answers", ...subject },
        look: async () => [about(subject)("catalog.answers", "ERROR", `The catalog cannot be opened: ${messageOf(error)}`, { hint })],
      },
      homeLook(home),
      keyFileLook(keyFile),
    ],
  };
  const groups = [broken, programHealth({ ...programs, hasDatabase: async () => true })];
  return createHealth({ groups, bus: memoryBus(), now, onError: () => {} }).read(looker, true);
}
