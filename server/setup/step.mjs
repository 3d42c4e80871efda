import { spawn } from "node:child_process";
import { once } from "node:events";
import { checkout } from "./checkout.mjs";
import { Problem, say } from "./problem.mjs";

/**
 * Runs a program of the set-up in the checkout, silently; its output is shown only when it fails, and then with `failure`.
 * @param {string} program
 * @param {string[]} args
 * @param {{ failure: string, env?: NodeJS.ProcessEnv }} options
 */
export async function step(program, args, { failure, env = process.env }) {
  const child = spawn(program, args, { cwd: checkout, env, stdio: ["ignore", "pipe", "pipe"] });
  /** @type {Buffer[]} */
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => output.push(piece));
  const code = await Promise.race([
    once(child, "close").then(([code]) => code),
    once(child, "error").then(([error]) => output.push(Buffer.from(error.message)) && -1),
  ]);
  if (code === 0) return;
  say(Buffer.concat(output).toString("utf8").trim().split("\n").slice(-100).join("\n"));
  throw new Problem(failure);
}
