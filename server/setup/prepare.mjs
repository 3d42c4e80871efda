import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { buildsAreFresh, ensureBuilds } from "./build.mjs";
import { inCheckout } from "./checkout.mjs";
import { ensureModules, modulesAreCurrent } from "./modules.mjs";
import { ensurePackages, missingPackages } from "./packages.mjs";
import { say } from "./problem.mjs";

/**
 * Whether everything is there for a purpose; some 50 ms.
 * @param {import("./packages.mjs").Purpose} purpose
 */
export const isPrepared = (purpose) => missingPackages(purpose).length === 0 && modulesAreCurrent() && buildsAreFresh();

/**
 * Brings in what is missing for a purpose: Debian packages, Node packages, the build. Set-ups of one checkout take turns.
 * @param {import("./packages.mjs").Purpose} purpose
 */
export async function prepare(purpose) {
  if (isPrepared(purpose)) return;
  const unlock = lockCheckout();
  try {
    await ensurePackages(purpose);
    await ensureModules();
    await ensureBuilds();
  } finally {
    unlock();
  }
}

/** The kernel holds the lock for our open file, so that it ends with us however we end. A machine without flock goes without. */
function lockCheckout() {
  mkdirSync(inCheckout("dist", ".setup"), { recursive: true });
  const file = openSync(inCheckout("dist", ".setup", "lock"), "a");
  /** @param {string[]} options */
  const flock = (...options) => spawnSync("flock", ["--exclusive", ...options, "3"], { stdio: ["ignore", "ignore", "ignore", file] });
  const { status } = flock("--nonblock");
  if (status === 1) {
    say("Waiting for another set-up of this checkout");
    flock();
  }
  return () => closeSync(file);
}
