import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where a run took place, and with which versions of everything. */
export interface Machine {
  readonly cpus: number;
  readonly cpu: string;
  readonly memory: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
}

const programs: Readonly<Record<string, readonly [string, ...string[]]>> = {
  MariaDB: ["mariadbd", "--version"],
  zstd: ["zstd", "--version"],
  gzip: ["gzip", "--version"],
  tar: ["tar", "--version"],
  openssl: ["openssl", "version"],
  restic: ["restic", "version"],
  mydumper: ["mydumper", "--version"],
};

export async function aboutMachine(): Promise<Machine> {
  const versions: Record<string, string> = { Node: process.versions.node };
  for (const [name, [program, ...args]] of Object.entries(programs)) {
    // mydumper 0.10 answers with a status of failure.
    const answer = await run(program, args).catch((error: { stdout?: string; stderr?: string }) => error);
    const version = /\d+\.\d+(\.\d+)?[\w-]*/.exec(`${answer.stdout}${answer.stderr}`)?.[0];
    if (version) versions[name] = version;
  }
  const name = /^PRETTY_NAME="?(.*?)"?$/m.exec(await readFile("/etc/os-release", "utf8").catch(() => ""))?.[1];
  return {
    ...{ cpus: cpus().length, cpu: cpus()[0]?.model.trim() ?? "unknown", memory: totalmem() },
    ...{ system: `${name ?? "Linux"}, kernel ${release()}`, versions },
  };
}
