import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Programs that others would use, from the distribution's packages of the same name. */
const wanted = ["restic", "mydumper"] as const;
export type Peer = (typeof wanted)[number];

/** Which of them are there to be measured. */
export interface Peers {
  has(peer: Peer): boolean;
  /** A sentence for a peer that had to be left out; none for one that is there. */
  missing(peer: Peer): readonly string[];
}

/** Looks for them, and as root on a Debian system installs those that are missing, which it says. */
export async function findPeers(say: (line: string) => void): Promise<Peers> {
  const reasons = new Map<Peer, string>();
  for (const peer of wanted) {
    if (await isThere(peer)) continue;
    const reason = await install(peer, say);
    if (reason) reasons.set(peer, `${peer} was left out: ${reason}`);
  }
  return { has: (peer) => !reasons.has(peer), missing: (peer) => [reasons.get(peer) ?? []].flat() };
}

/** Null when it is there now, else why not. */
async function install(peer: Peer, say: (line: string) => void): Promise<string | null> {
  if (!existsSync("/etc/debian_version")) return `it is not installed, and this is no Debian system to install its package on.`;
  if (process.getuid?.() !== 0) return `it is not installed. As root: apt-get install --no-install-recommends ${peer}`;
  say(`Installing the Debian package ${peer}, to compare with it.`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) => run("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=300", ...args], { env });
  try {
    await apt("install", "--yes", "--no-install-recommends", peer).catch(async () => {
      // No package lists yet, or such as name versions that are gone.
      await apt("update");
      await apt("install", "--yes", "--no-install-recommends", peer);
    });
  } catch (error) {
    return `its package could not be installed: ${error instanceof Error ? error.message.split("\n")[0] : error}`;
  }
  return (await isThere(peer)) ? null : "its package does not hold the program.";
}

const isThere = (program: string) =>
  run(program, ["--help"]).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );
