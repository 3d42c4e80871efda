import { spawn } from "node:child_process";
import { once } from "node:events";
import { inCheckout, lockedNode } from "./checkout.mjs";
import { Problem } from "./problem.mjs";

/** @type {NodeJS.Signals[]} */
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs a program of the checkout on the locked Node with our input and output, and resolves with the exit status for our own:
 * 128 and the signal's number when a signal ended it. Signals that we get, it gets.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [more]
 * @returns {Promise<number>}
 */
export async function launch(args, more = {}) {
  const env = { ...process.env, NODE_COMPILE_CACHE: inCheckout("dist", ".setup", "compiled"), ...more };
  const child = spawn(lockedNode, args, { stdio: "inherit", env });
  for (const signal of forwarded)
    process.on(signal, () => {
      // A terminal sends its Ctrl-C and its hang-up to the whole group: the program has had it already.
      if (signal === "SIGTERM" || !process.stdin.isTTY) child.kill(signal);
    });
  const [code, signal] = await once(child, "exit").catch((cause) => {
    throw new Problem(`${lockedNode} could not be run: ${cause.message}`);
  });
  return signal ? 128 + signalNumber(signal) : code;
}

/** @param {string} signal */
const signalNumber = (signal) => ({ SIGHUP: 1, SIGINT: 2, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 })[signal] ?? 0;
