// Plain JavaScript on nothing but Node 20: on a fresh checkout this is all that can run.
import { inCheckout } from "./setup/checkout.mjs";
import { launch } from "./setup/launch.mjs";
import { prepare } from "./setup/prepare.mjs";
import { Problem, say } from "./setup/problem.mjs";

// A young heap of 1 MB instead of 16: what streams through is short-lived, and the server stays some 110 MB smaller for no time.
const serverFlags = ["--max-semi-space-size=1"];
const vitest = "node_modules/vitest/vitest.mjs";

/**
 * What each command needs and then runs, one after the other until one fails; further arguments go to the last.
 * @type {Record<string, { needs: import("./setup/packages.mjs").Purpose, runs: string[][], flags?: string[] }>}
 */
const commands = {
  start: { needs: "start", runs: [["dist/server/main.js"]], flags: serverFlags },
  demo: { needs: "demo", runs: [["dist/server/demo/main.js"]], flags: serverFlags },
  test: { needs: "test", runs: [[vitest, "run"]] },
  bench: { needs: "bench", runs: [["test/bench/main.ts"]] },
  build: { needs: "start", runs: [] },
  check: {
    needs: "test",
    runs: [
      ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"],
      ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"],
      ["node_modules/svelte-check/bin/svelte-check", "--tsconfig", "client/tsconfig.json", "--fail-on-warnings"],
      [vitest, "run"],
    ],
  },
};

try {
  const [name = "", ...args] = process.argv.slice(2);
  const command = commands[name];
  if (!command) throw new Problem(`Say what to do: node server/setup.mjs ${Object.keys(commands).join(" | ")}`);
  await prepare(command.needs);
  const last = command.runs.length - 1;
  for (const [index, [program = "", ...rest]] of command.runs.entries()) {
    process.exitCode = await launch([...(command.flags ?? []), inCheckout(program), ...rest, ...(index === last ? args : [])]);
    if (process.exitCode !== 0) break;
  }
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  say(error.message);
  process.exitCode = 1;
}
