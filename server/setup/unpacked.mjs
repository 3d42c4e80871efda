import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inCheckout } from "./checkout.mjs";
import { step } from "./step.mjs";

/** @param {string} name */
const folderOf = (name) => inCheckout("dist", ".setup", name);

/**
 * Whether a Debian package lies unpacked in the checkout, with a program of its own.
 * @param {string} name
 * @param {string} path
 */
export const isUnpacked = (name, path) => existsSync(join(folderOf(name), path));

/**
 * Unpacks a Debian package, and what it needs that this machine lacks, into the checkout instead of installing it: its programs can be run
 * from there, and no service of the system's is made, enabled or started.
 * @param {string} name
 * @param {string} failure
 */
export async function unpack(name, failure) {
  const [folder, fresh] = [folderOf(name), `${folderOf(name)}.new`];
  const archives = join(fresh, "archives");
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(join(archives, "partial"), { recursive: true });
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const where = ["-o", `Dir::Cache::archives=${archives}`, "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root"];
  const how = ["--download-only", "--yes", "--no-install-recommends"];
  await step("apt-get", ["-q", "-o", "Acquire::Retries=3", ...where, "install", ...how, name], { failure, env });
  for (const archive of readdirSync(archives).filter((file) => file.endsWith(".deb")))
    await step("dpkg-deb", ["-x", join(archives, archive), fresh], { failure });
  rmSync(archives, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}
