import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { buildsAreFresh, ensureBuilds } from "./build.mjs";
import { checkout, inCheckout } from "./checkout.mjs";
import { ensureModules, modulesAreCurrent } from "./modules.mjs";
import { ensurePackages, missingPackages } from "./packages.mjs";
import { Problem, say } from "./problem.mjs";

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
  // apt-get has a lock of its own.
  await ensurePackages(purpose);
  const unlock = lockCheckout();
  try {
    await ensureModules();
    await ensureBuilds();
  } finally {
    unlock();
  }
}

/** The kernel holds the lock for our open file, so that it ends with us however we end. A machine without flock goes without. */
function lockCheckout() {
  const file = openLockFile();
  /** @param {string[]} options */
  const flock = (...options) => spawnSync("flock", ["--exclusive", ...options, "3"], { stdio: ["ignore", "ignore", "ignore", file] });
  const { status } = flock("--nonblock");
  if (status === 1) {
    say("Waiting for another set-up of this checkout");
    flock();
  }
  return () => closeSync(file);
}

function openLockFile() {
  try {
    mkdirSync(inCheckout("dist", ".setup"), { recursive: true });
    return openSync(inCheckout("dist", ".setup", "lock"), "a");
  } catch (cause) {
    throw new Problem(`Holdfast has to be built, and this account may not write to ${checkout}.`, { cause });
  }
}
