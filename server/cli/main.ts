import { userInfo } from "node:os";
import type { App } from "../app.ts";
import { Failure } from "../domain/errors.ts";
import { interruption } from "./interruption.ts";
import { runProgram } from "./program.ts";
import type { InSession } from "./session.ts";

const interrupted = interruption();

/** One command on the catalog itself, so that it works with no server up: what it begins, it runs. */
const inSession: InSession = async ({ json = false }, work) => {
  // Loaded only now: help and wrong usage are told at once, without the catalog's libraries.
  const [{ openApp }, { openLog }, { loadSettings }] = await Promise.all([
    import("../app.ts"),
    import("../log.ts"),
    import("../settings.ts"),
  ]);
  const { settings, warnings, secrets } = loadSettings();
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  const opened = openLog({ level: "info", secrets, destination: { write: tell } });
  try {
    await using app = closing(await openApp(settings, opened, async () => ({ add: async () => {} })));
    interrupted.throwIfAborted();
    await work({
      actor: { kind: "cli", name: userInfo().username, role: "ADMIN" },
      services: app.services,
      signal: interrupted,
      output: { json, bar: process.stderr.isTTY === true },
      canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true,
    });
  } catch (error) {
    if (error instanceof Failure) throw error;
    opened.log.error({ err: error }, "unforeseen error");
    throw new Failure("INTERNAL", "Something went wrong that Holdfast did not foresee.", "The line above tells more.", { cause: error });
  }
};

const closing = ({ services, close }: App) => ({ services, [Symbol.asyncDispose]: close });

/** Standard output is the command's answer alone. What the log says goes to standard error: news as sentences, errors whole. */
function tell(line: string): void {
  const { level, msg } = JSON.parse(line) as { level: string; msg: string };
  process.stderr.write(level === "info" ? `${msg}\n` : line);
}

process.exitCode = await runProgram(inSession);
