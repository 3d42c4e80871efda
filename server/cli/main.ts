import { userInfo } from "node:os";
import type { App } from "../app.ts";
import { badInput, Failure } from "../domain/errors.ts";
import type { Health } from "../domain/health.ts";
import type { CleanupId } from "../domain/ids.ts";
import type { JobName } from "../services/queue.ts";
import type { Settings } from "../settings.ts";
import type { Holdfast } from "./holdfast.ts";
import { interruption } from "./interruption.ts";
import { hasColors } from "./output.ts";
import { runProgram } from "./program.ts";
import type { CommonOptions, InSession, Otherwise, Output, Session } from "./session.ts";

const interrupted = interruption();
const say = (line: string) => void process.stderr.write(`${line}\n`);

/** One command, on this machine's catalog or on another Holdfast. */
const inSession: InSession = (options, work, otherwise) =>
  options.remote === undefined ? onCatalog(options, work, otherwise) : onRemote(options, options.remote, work);

const outputOf = ({ json = false }: CommonOptions): Output => ({
  ...{ json, bar: process.stderr.isTTY === true, color: !json && hasColors(process.stdout) },
});

const sessionOn = (holdfast: Holdfast, options: CommonOptions): Session => ({
  holdfast,
  signal: interrupted,
  output: outputOf(options),
  canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true,
});

/** On the catalog itself, so that it works with no server up: what the command begins, it runs. */
async function onCatalog(options: CommonOptions, work: (session: Session) => Promise<void>, otherwise?: Otherwise): Promise<void> {
  if (options.tokenFile) throw badInput("--token-file belongs to --remote.");
  // Loaded only now: help and wrong usage are told at once, without the catalog's libraries.
  const [{ openApp }, { openLog }, { loadSettings }] = await Promise.all([
    import("../app.ts"),
    import("../log.ts"),
    import("../settings.ts"),
  ]);
  const { settings, warnings, secrets } = loadSettings();
  for (const warning of warnings) say(warning);
  const opened = openLog({ level: "info", secrets, destination: { write: tell } });
  try {
    const cleanups: CleanupId[] = [];
    // What a command begins it carries out itself; only a cleanup may follow it unasked, which then waits for its end.
    const queue = async () => ({
      add: async (job: JobName | "inspection", id: string) => void (job === "cleanup" && cleanups.push(id as CleanupId)),
    });
    const opening = await openApp(settings, opened, queue).catch((error: unknown) => {
      if (!otherwise || interrupted.aborted) throw error;
      return otherwise(outputOf(options), () => lookWithoutCatalog(error, settings));
    });
    if (!opening) return;
    await using app = closing(opening);
    interrupted.throwIfAborted();
    await work(sessionOn(await holdfastOf(app, settings.publicUrl), options));
    await app.idle();
    for (const id of cleanups) await app.services.cleanups.perform(id);
  } catch (error) {
    if (error instanceof Failure) throw error;
    opened.log.error({ err: error }, "unforeseen error");
    throw new Failure("INTERNAL", "Something went wrong that Holdfast did not foresee.", "The line above tells more.", { cause: error });
  }
}

async function lookWithoutCatalog(error: unknown, { home, keyFile }: Settings): Promise<Health> {
  const [{ healthWithoutCatalog }, { findTools }, { findDrillServer }] = await Promise.all([
    import("../services/health/without-catalog.ts"),
    import("../engine/database/tools.ts"),
    import("../db/embedded/throwaway.ts"),
  ]);
  return healthWithoutCatalog(error, { home, keyFile, tools: () => findTools(null), drillServer: findDrillServer, now: () => new Date() });
}

async function holdfastOf(
  { services, reads, upkeep }: Pick<App, "services" | "reads" | "upkeep">,
  publicUrl: string | null,
): Promise<Holdfast> {
  const [{ buildApiSchema }, { createLoaders }, { localHoldfast }] = await Promise.all([
    import("../api/schema.ts"),
    import("../api/loaders.ts"),
    import("./local.ts"),
  ]);
  const actor = { kind: "cli", name: userInfo().username, role: "ADMIN" } as const;
  const context = () => ({ actor, services, loaders: createLoaders(reads), publicUrl: publicUrl ?? "" });
  return localHoldfast({ schema: await buildApiSchema(), context, services, actor, upkeep: upkeep.perform, signal: interrupted });
}

const closing = ({ close, ...app }: App) => ({ ...app, [Symbol.asyncDispose]: close });

async function onRemote(options: CommonOptions, address: string, work: (session: Session) => Promise<void>): Promise<void> {
  const [{ remoteHoldfast }, { readToken, remoteAddress }] = await Promise.all([import("./remote.ts"), import("./token.ts")]);
  const url = remoteAddress(address, say);
  const holdfast = remoteHoldfast({ url, token: await readToken(options.tokenFile, say), signal: interrupted, say });
  try {
    await work(sessionOn(holdfast, options));
  } finally {
    await holdfast.close();
  }
}

/** Standard output is the command's answer alone. What the log says goes to standard error: news as sentences, errors whole. */
function tell(line: string): void {
  const { level, msg } = JSON.parse(line) as { level: string; msg: string };
  process.stderr.write(level === "info" ? `${msg}\n` : line);
}

process.exitCode = await runProgram(inSession);
