import { buildApiSchema } from "./api/schema.ts";
import { dashboardFolder, openApp } from "./app.ts";
import type { Catalog } from "./db/client.ts";
import { authStore } from "./db/users.ts";
import { Failure, messageOf } from "./domain/errors.ts";
import { claimHome } from "./home.ts";
import { createAuth } from "./http/auth.ts";
import { startHttp } from "./http/server.ts";
import { createSetup } from "./http/setup.ts";
import { type Jobs, openJobs } from "./jobs/agenda.ts";
import { type Log, openLog } from "./log.ts";
import { readinessOf } from "./services/readiness.ts";
import type { Services } from "./services/services.ts";
import { loadSettings, type Settings } from "./settings.ts";

/** What a ready server hands to whoever started it. */
export interface Ready {
  readonly url: string;
  readonly services: Services;
  readonly catalog: Catalog;
  readonly settings: Settings;
}

export interface ServeOptions {
  /** The home folder when the settings name none. */
  readonly defaultHome?: string;
  /** Changes the settings before they take effect. */
  readonly adapt?: (settings: Settings) => Promise<Settings>;
  /** Called once, when requests are answered. */
  readonly onReady?: (ready: Ready) => Promise<void>;
}

/** Runs the server until a signal; a failure to start is one log line and exit status 1. */
export async function serve({
  defaultHome,
  adapt = async (settings) => settings,
  onReady = async () => {},
}: ServeOptions = {}): Promise<void> {
  const opened = openLog({ level: "info" });
  const { log } = opened;
  const stopping = stopSignal(log);
  try {
    const { settings, warnings, secrets } = loadSettings(defaultHome === undefined ? {} : { HOLDFAST_HOME: defaultHome });
    for (const secret of secrets) opened.conceal(secret);
    log.level = settings.logLevel;
    for (const warning of warnings) log.warn(warning);
    const { ready, close } = await start(await adapt(settings), opened, stopping);
    const stop = () =>
      close().then(
        () => leave(log),
        (error: unknown) => {
          log.error({ err: error }, "unforeseen error");
          process.exit(1);
        },
      );
    stopping.addEventListener("abort", () => void stop(), { once: true });
    if (stopping.aborted) await stop();
    await onReady(ready);
  } catch (error) {
    // What had been opened is closed already.
    if (stopping.aborted) leave(log);
    if (error instanceof Failure) log.fatal({ code: error.code, hint: error.hint }, error.message);
    else log.fatal({ err: error }, messageOf(error));
    process.exitCode = 1;
    setTimeout(() => process.exit(1), 1000).unref();
  }
}

/** Aborts at the first signal that asks the process to end, from its first moment on: a start that is called off leaves nothing running. */
function stopSignal(log: Log["log"]): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (stopping.signal.aborted) return;
      log.info({ signal }, "stopping");
      stopping.abort(new Failure("CANCELLED", "Holdfast was stopped while it started."));
    });
  return stopping.signal;
}

function leave(log: Log["log"]): never {
  log.info("stopped");
  process.exit(0);
}

async function start(settings: Settings, opened: Log, stopping: AbortSignal): Promise<{ ready: Ready; close: () => Promise<void> }> {
  const { log } = opened;
  await using opening = new AsyncDisposableStack();
  const claim = await claimHome(settings.home);
  opening.defer(() => claim.release());
  const onError = (error: unknown) => log.error({ err: error }, "unforeseen error");
  let jobs: Jobs | undefined;
  const queueOn = async ({ pool }: Catalog) => (jobs = await openJobs(pool, onError));
  const app = await openApp({ ...settings, home: claim.home }, opened, queueOn, stopping);
  opening.defer(() => app.close());
  const { services, upkeep, catalog, secrets, reads } = app;
  if (settings.admin && (await services.users.ensureAdministrator(settings.admin.email, settings.admin.password)))
    log.info("made the administrator that the settings name");
  stopping.throwIfAborted();
  await upkeep.perform();
  stopping.throwIfAborted();

  const http = await startHttp({
    ...settings,
    dashboardFolder,
    schema: await buildApiSchema(),
    services,
    reads,
    readiness: readinessOf({
      catalog: catalog.db,
      storages: services.storages,
      settings: services.settings,
      queueAlive: async () => jobs?.checkAlive(),
    }),
    tellUnready: (part, problem) => log.warn({ part, err: problem }, "not ready"),
    accounts: (publicUrl) => {
      const auth = createAuth({
        store: authStore(catalog.db),
        secret: secrets.derive("sessions"),
        publicUrl,
        tokens: services.tokens,
        audit: services.audit,
        now: () => new Date(),
        log: (level, message) => log[level](message),
      });
      return { auth, setup: createSetup({ users: services.users, auth, now: () => new Date() }) };
    },
    onError,
  });
  app.servedAt(http.url);
  opening.defer(() => http.stop());
  opening.defer(() => services.operations.stop());
  await services.scheduleRuns.setAllAlarms();
  await jobs?.start(services, {
    async perform() {
      await upkeep.perform();
      await services.health.upkeep().catch(onError);
    },
  });
  opening.defer(() => jobs?.stop());
  stopping.throwIfAborted();
  const code = await http.setup.code();
  if (code) log.info({ code, url: http.url }, "set-up code for the first visit of the dashboard");
  log.info({ url: http.url }, "ready");
  const all = opening.move();
  return { ready: { url: http.url, services, catalog, settings }, close: () => all.disposeAsync() };
}
