import { hostname } from "node:os";
import { findTools } from "../engine/database/tools.ts";
import { createAttempts } from "../services/attempts.ts";
import { createCatalogRebuild } from "../services/catalog-rebuild.ts";
import { createConfiguration } from "../services/configuration.ts";
import { configurationWritesOn } from "../services/configuration-writes.ts";
import { createRecoveryKits } from "../services/recovery-kit.ts";
import { createTokens } from "../services/tokens.ts";
import { createUsers } from "../services/users.ts";
import { version } from "../version.ts";
import type { Ground } from "./ground.ts";
import type { Protecting } from "./protecting.ts";
import type { Storing } from "./storing.ts";
import type { Telling } from "./telling.ts";

/** Who administers this Holdfast, and what brings it back should it be lost: its configuration, its keys, its catalog. */
export function wireAdministering(
  ground: Ground,
  { storages, keys, adapters, looks, bounds }: Storing,
  { sources }: Protecting,
  { sending }: Telling,
) {
  const { settings, db, bus, audit, secrets, conceal, owned, alarm, clock, now, onError } = ground;
  const publicUrl = ground.dashboardUrl;
  return {
    users: createUsers({ db, audit, now }),
    tokens: createTokens({ db, audit, now }),
    recoveryKit: createRecoveryKits({
      ...{ db, audit, keys, settings: owned, version, now, publicUrl },
      ...{ attempts: createAttempts(now), machine: hostname() },
    }),
    configuration: createConfiguration({
      ...{ catalog: db, audit, version, now },
      reads: { db, settings: owned, storages, sources, sending },
      writesOn: configurationWritesOn({
        ...{ secrets, conceal, findTools, environmentSmtpUrl: settings.smtpUrl, bus, now },
        ...{ adapters, looks, bounds, alarm, publicUrl, onError },
      }),
    }),
    catalogRebuild: createCatalogRebuild({ catalog: db, bus, audit, storages, signing: keys.signing, clock, now }),
  };
}
