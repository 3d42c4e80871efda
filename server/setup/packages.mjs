import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { machinePath } from "./checkout.mjs";
import { Problem, say } from "./problem.mjs";
import { step } from "./step.mjs";
import { isUnpacked, unpack } from "./unpacked.mjs";

/** @typedef {"start" | "demo" | "test" | "bench"} Purpose */
/** @typedef {{ name: string, gives: string }} Package A Debian package and what we need of it. */

/** @param {string[]} names */
const program = (...names) => {
  const folders = [...machinePath(), "/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/libexec"];
  return names.some((name) => folders.some((folder) => isExecutable(join(folder, name))));
};

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The Debian packages that are missing for a purpose, judged by the programs themselves, wherever they came from.
 * The package mariadb-server-core holds the server's programs alone: no service of the system's is made, started or touched.
 * @param {Purpose} purpose
 * @returns {Package[]}
 */
export function missingPackages(purpose) {
  const own = purpose === "start" ? ownServers() : { catalog: false, client: false };
  /** @type {[boolean, string, string][]} */
  const needs = [
    [own.catalog || (program("mariadbd") && program("mariadb-install-db")), "mariadb-server-core", "mariadbd"],
    [own.client || (program("mariadb-dump", "mysqldump") && program("mariadb", "mysql")), "mariadb-client", "mariadb and mariadb-dump"],
    [program("zstd"), "zstd", "zstd"],
    [program("flock") && program("setpriv"), "util-linux", "flock and setpriv"],
  ];
  if (purpose === "test")
    needs.push(
      [program("mariadb-dump") && program("mariadb"), "mariadb-client", "mariadb and mariadb-dump"],
      [program("chromium", "chromium-browser", "google-chrome"), "chromium", "a browser for the tests"],
      [program("faketime"), "faketime", "a clock that the tests can set"],
      [program("age"), "age", "the stock tool that the tests open encrypted files with"],
      [existsSync("/usr/lib/python3/dist-packages/swift"), "python3-swift", "OpenStack's Swift, an S3 server for the tests"],
      [program("sshd") || isUnpacked("openssh-server", "usr/sbin/sshd"), "openssh-server", "an SFTP server for the tests"],
      [program("ssh-keygen"), "openssh-client", "ssh-keygen"],
      [program("strace"), "strace", "strace, which makes system calls fail in the tests"],
      [existsSync("/usr/share/fonts/truetype"), "fonts-noto-core", "letters in the tests' pictures"],
    );
  const missing = needs.filter(([there]) => !there).map(([, name, gives]) => ({ name, gives }));
  return missing.filter(({ name }, index) => missing.findIndex((other) => other.name === name) === index);
}

/** Installed, this one would start a service that lets people in. */
const onlyUnpacked = new Set(["openssh-server"]);

/** What the settings say that the user has elsewhere: a catalog on a server, the client tools in a folder. */
function ownServers() {
  const file = existsSync(".env") ? parseEnv(readFileSync(".env", "utf8")) : {};
  /** @param {string} name */
  const isSet = (name) => Boolean(process.env[name] ?? file[name]);
  return { catalog: isSet("HOLDFAST_DATABASE_URL"), client: isSet("BACKUP_MYSQL_PATH") };
}

/**
 * Installs what is missing, as root on a Debian system; elsewhere throws the one message that says what is missing and how to get it.
 * @param {Purpose} purpose
 */
export async function ensurePackages(purpose) {
  const missing = missingPackages(purpose);
  if (missing.length === 0) return;
  const debian = existsSync("/etc/debian_version") && program("apt-get");
  const installed = missing.filter(({ name }) => !onlyUnpacked.has(name));
  const names = installed.map(({ name }) => name);
  if (!debian) throw new Problem(advice(missing, debian));
  if (names.length > 0) await install(installed, names);
  for (const { name } of missing.filter(({ name }) => onlyUnpacked.has(name))) await takeApart(name);
  const still = missingPackages(purpose);
  if (still.length > 0) throw new Problem(advice(still, debian));
}

/**
 * @param {Package[]} missing
 * @param {string[]} names
 */
async function install(missing, names) {
  if (process.getuid?.() !== 0) throw new Problem(advice(missing, true));
  say(`Installing Debian packages: ${names.join(", ")}`);
  const failure = `The Debian packages ${names.join(", ")} could not be installed. Install them by hand, then try again.`;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  /** @param {string[]} args */
  const apt = (...args) => step("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3", ...args], { failure, env });
  if (!areListed()) await apt("update");
  try {
    await apt("install", "--yes", "--no-install-recommends", ...names);
  } catch {
    // The lists may name versions that the mirrors no longer have.
    say("Trying once more with fresh package lists.");
    await apt("update");
    await apt("install", "--yes", "--no-install-recommends", ...names);
  }
}

/** @param {string} name */
async function takeApart(name) {
  say(`Unpacking the Debian package ${name}`);
  const failure = `The Debian package ${name} could not be unpacked. Its list may be old: apt-get update, as root, then try again.`;
  try {
    await unpack(name, failure);
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    // As above: no lists, or such as name versions that are gone.
    await step("apt-get", ["-q", "-o", "Acquire::Retries=3", "update"], { failure });
    await unpack(name, failure);
  }
}

/** Whether package lists are there at all: a fresh image has none. */
function areListed() {
  try {
    return readdirSync("/var/lib/apt/lists").some((name) => name.includes("_Packages"));
  } catch {
    return false;
  }
}

/**
 * @param {Package[]} missing
 * @param {boolean} debian
 */
export function advice(missing, debian) {
  const what = missing.map(({ name, gives }) => `${gives} (package ${name})`).join(", ");
  const names = missing.map(({ name }) => name).join(" ");
  const how = debian
    ? `As root: apt-get update && apt-get install --no-install-recommends ${names}`
    : `On Debian and Ubuntu they come with: apt-get install --no-install-recommends ${names}\nOn other systems install the same programs from its own packages; MariaDB 10.6 or newer.`;
  return `Holdfast needs programs that this machine lacks: ${what}.\n${how}`;
}
