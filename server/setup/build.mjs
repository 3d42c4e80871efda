import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inCheckout, lockedNode } from "./checkout.mjs";
import { say } from "./problem.mjs";
import { step } from "./step.mjs";

/** @typedef {{ name: string, sources: string[], output: string, commands: string[][] }} Build */

/** @type {Build[]} */
const builds = [
  {
    name: "server",
    sources: ["server", "shared", "tsconfig.json", "package-lock.json"],
    output: "dist/server",
    commands: [["node_modules/typescript/bin/tsc", "-p", "server/tsconfig.json"], ["server/setup/vendor.mjs"]],
  },
  {
    name: "dashboard",
    sources: ["client", "shared", "package-lock.json"],
    output: "dist/client",
    commands: [["node_modules/vite/bin/vite.js", "build", "--config", "client/vite.config.ts", "--logLevel", "warn"]],
  },
];

/** @param {Build} build */
const stampFile = ({ name }) => inCheckout("dist", ".setup", name);

/**
 * A hash of the sources' names and contents: some 20 ms, and right whatever git or a copy does to the files' times.
 * @param {Build} build
 */
function fingerprint({ sources }) {
  const hash = createHash("sha256");
  /** @param {string} path */
  const add = (path) => {
    const full = inCheckout(path);
    if (!existsSync(full)) return;
    hash.update(`${path}\0`);
    hash.update(readFileSync(full));
  };
  for (const source of sources) {
    if (source.includes(".")) add(source);
    else for (const path of filesBelow(source)) add(path);
  }
  return hash.digest("hex");
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  if (!existsSync(inCheckout(folder))) return [];
  const entries = readdirSync(inCheckout(folder), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}

/** @param {Build} build */
const isFresh = (build) =>
  existsSync(inCheckout(build.output)) && existsSync(stampFile(build)) && readFileSync(stampFile(build), "utf8") === fingerprint(build);

export const buildsAreFresh = () => builds.every(isFresh);

/** Builds what is stale, the server and the dashboard at the same time. */
export async function ensureBuilds() {
  const stale = builds.filter((build) => !isFresh(build));
  if (stale.length === 0) return;
  say(`Building the ${stale.map(({ name }) => name).join(" and the ")}`);
  mkdirSync(inCheckout("dist", ".setup"), { recursive: true });
  // The compiler writes only what changed since its record, so where a file of the output is missing the record is void.
  const compiled = ["server", "shared"].flatMap(filesBelow).filter((path) => path.endsWith(".ts"));
  if (!compiled.every((path) => existsSync(inCheckout("dist", path.replace(/\.ts$/, ".js")))))
    rmSync(inCheckout("dist", "server.tsbuildinfo"), { force: true });
  const results = await Promise.allSettled(
    stale.map(async (build) => {
      const mark = fingerprint(build);
      rmSync(stampFile(build), { force: true });
      for (const command of build.commands) await step(lockedNode, command, { failure: `The ${build.name} could not be built.` });
      writeFileSync(stampFile(build), mark);
    }),
  );
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
