import type { Catalog } from "../db/client.ts";
import { holdsSealedSecrets } from "../db/secrets.ts";
import { findTools } from "../engine/database/tools.ts";
import { memoryBus } from "../events/memory.ts";
import { publicUrlOf } from "../first-settings.ts";
import type { Log } from "../log.ts";
import { noAlarm } from "../services/alarm.ts";
import { createAudit } from "../services/audit.ts";
import { createClockWatch } from "../services/clock-watch.ts";
import type { Queue } from "../services/queue.ts";
import { openSecrets } from "../services/secrets.ts";
import { createSettings } from "../services/settings.ts";
import type { Settings } from "../settings.ts";

/** What an app is built with. */
export interface Given {
  readonly settings: Settings;
  readonly log: Log;
  readonly catalog: Catalog;
  readonly queue: Queue;
  readonly now: () => Date;
}

/** What every room stands on: the catalog, the events, the secrets, the audit trail, the settings and the clock. */
export async function openGround({ settings, log: { log, conceal }, catalog: { db }, queue, now }: Given) {
  const secrets = await openSecrets(settings.keyFile, { mayCreate: !(await holdsSealedSecrets(db)) });
  const bus = memoryBus();
  const audit = createAudit({ db, now });
  const owned = createSettings({ db, audit, secrets, conceal, findTools, environmentSmtpUrl: settings.smtpUrl, now });
  const clock = createClockWatch({ db, audit, now, monotonic: () => performance.now() });
  let dashboardUrl = publicUrlOf(settings);
  return {
    ...{ settings, log, conceal, db, queue, now, secrets, bus, audit, clock },
    /** What the dashboard owns of the settings; `settings` are those of the environment. */
    owned,
    tools: owned.tools,
    alarm: queue.alarm ?? noAlarm,
    say: (line: string) => log.info(line),
    warn: (message: string) => log.warn(message),
    onError: (error: unknown) => log.error({ err: error }, "unforeseen error"),
    catalogName: settings.databaseUrl
      ? `MySQL or MariaDB at ${new URL(settings.databaseUrl).host}`
      : `Embedded MariaDB in ${settings.home}`,
    /** Where the dashboard is; null until the server knows its port. */
    dashboardUrl: () => dashboardUrl,
    servedAt(url: string) {
      dashboardUrl = url;
    },
  };
}
export type Ground = Awaited<ReturnType<typeof openGround>>;
