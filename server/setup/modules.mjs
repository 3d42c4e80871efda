import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { inCheckout, lockedNode, machinePath } from "./checkout.mjs";
import { Problem, say } from "./problem.mjs";
import { step } from "./step.mjs";

const lockFile = inCheckout("package-lock.json");
const stampFile = inCheckout("node_modules", ".holdfast-stamp");
const installedFile = inCheckout("node_modules", ".package-lock.json");

const lockHash = () => createHash("sha256").update(readFileSync(lockFile)).digest("hex");

/** Whether node_modules holds what package-lock.json names and the locked Node is there. */
export function modulesAreCurrent() {
  if (!existsSync(lockedNode)) return false;
  const hash = lockHash();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === hash) return true;
  // A developer's own `npm install` leaves no stamp of ours, but npm's record of what it put there.
  if (!existsSync(installedFile) || !covers(read(installedFile), read(lockFile))) return false;
  try {
    writeFileSync(stampFile, hash);
  } catch {
    // The stamp only saves time, and this account may be one that does not own the checkout.
  }
  return true;
}

/** @typedef {Record<string, { version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }>} Packages */

/**
 * Optional packages are for other systems or never asked for, so they may be absent.
 * @param {Packages} installed
 * @param {Packages} locked
 */
function covers(installed, locked) {
  return Object.entries(locked).every(
    ([path, { version, optional, devOptional }]) =>
      path === "" || installed[path]?.version === version || (!installed[path] && Boolean(optional || devOptional)),
  );
}

/**
 * @param {string} file
 * @returns {Packages}
 */
function read(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

export async function ensureModules() {
  if (modulesAreCurrent()) return;
  say("Installing Node packages");
  // An interrupted install leaves the package without the binary that its script puts there, and npm would call that installed.
  if (!existsSync(lockedNode)) rmSync(inCheckout("node_modules", "node"), { recursive: true, force: true });
  // npm runs on the machine's own Node: the locked one is among the files that it replaces. `npm ci` would refuse a lock file that was
  // written where the registry lacks a package of another platform; this takes the same versions from the same lock and leaves it alone.
  const env = { ...process.env, PATH: machinePath().join(":") };
  const options = [
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--ignore-scripts=false",
    "--include=dev",
    "--include=optional",
  ];
  await step("npm", ["install", ...options], { failure: "The Node packages could not be installed.", env });
  if (!existsSync(lockedNode))
    throw new Problem(`npm did not install the locked Node at ${lockedNode}. Is there one for this machine's processor?`);
  writeFileSync(stampFile, lockHash());
}
