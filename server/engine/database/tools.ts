import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { Failure } from "../../domain/errors.ts";
import type { ClientTools } from "../part.ts";
import { findProgram, spawnTool } from "../process.ts";

const pairs = [
  { dump: "mariadb-dump", client: "mariadb" },
  { dump: "mysqldump", client: "mysql" },
] as const;

const known = new Map<string, Promise<ClientTools>>();

/**
 * The dump and client programs: in the folder `path`, beside the program `path`, or on PATH for null; MariaDB's before
 * MySQL's. Probed once for each path. Rejects with SOURCE_UNAVAILABLE that says what to install.
 */
export function findTools(path: string | null): Promise<ClientTools> {
  const key = path ?? "";
  const tools = known.get(key) ?? locate(path).then(probe);
  known.set(key, tools);
  // What is missing now may be installed by the next time.
  tools.catch(() => known.delete(key));
  return tools;
}

const install = "Install them, on Debian or Ubuntu with: apt-get install mariadb-client";

async function locate(path: string | null): Promise<{ dump: string; client: string }> {
  const entry = path === null ? null : await stat(path).catch(() => null);
  if (path !== null && !entry)
    throw new Failure(
      "SOURCE_UNAVAILABLE",
      `There is no ${path}, where the database's client programs were expected.`,
      `Correct the path of the client tools in the settings, or empty it to use those on PATH. ${install}`,
    );
  const folder = path === null ? null : entry?.isDirectory() ? path : dirname(path);
  const program = (name: string) => findProgram(folder === null ? name : join(folder, name));
  const given = path !== null && !entry?.isDirectory() ? basename(path) : null;
  const order = given === null ? pairs : [...pairs].sort((a, b) => Number(named(b, given)) - Number(named(a, given)));
  for (const pair of order) {
    const [dump, client] = [program(pair.dump), program(pair.client)];
    if (dump && client) return { dump, client };
  }
  const where = folder ?? "this machine's PATH";
  throw new Failure(
    "SOURCE_UNAVAILABLE",
    `The database's client programs (mariadb-dump and mariadb, or mysqldump and mysql) are not in ${where}, or may not be run.`,
    install,
  );
}

const named = (pair: { dump: string; client: string }, name: string) => pair.dump === name || pair.client === name;

async function probe({ dump, client }: { dump: string; client: string }): Promise<ClientTools> {
  const version = await output(dump, ["--version"]);
  const [dumpHelp, help] = [await output(dump, ["--no-defaults", "--help"]), await output(client, ["--no-defaults", "--help"])];
  const number = /(?:Distrib |from )(?<v>\d+\.\d+\.\d+)|Ver (?<w>\d+\.\d+\.\d+)/.exec(version)?.groups;
  const knows = (option: string, text = help) => new RegExp(`--(?:\\[no-\\])?${option}\\b`).test(text);
  const walls = [
    ...(knows("sandbox") ? ["--sandbox"] : []),
    ...(knows("binary-mode") ? ["--binary-mode"] : []),
    ...(knows("commands") ? ["--skip-commands"] : []),
  ];
  if (walls.length === 0)
    throw new Failure(
      "SOURCE_UNAVAILABLE",
      `${client} has no way to keep a dump from running shell commands, so it is not used.`,
      "Install a newer client: MariaDB 10.6 or MySQL 8.0 at least.",
    );
  const mariadb = /mariadb/i.test(version);
  return {
    flavour: mariadb ? "mariadb" : "mysql",
    dump,
    client,
    version: number?.v ?? number?.w ?? "unknown",
    restrictions: [...walls, "--local-infile=0", ...(knows("reconnect") ? ["--skip-reconnect"] : [])],
    tlsOptions: mariadb ? ["--ssl", "--ssl-verify-server-cert"] : ["--ssl-mode=VERIFY_IDENTITY", "--ssl-capath=/etc/ssl/certs"],
    // A client that verifies certificates unless told otherwise could not reach a server that has none.
    plainOptions: /^ssl-verify-server-cert\s+TRUE/m.test(help)
      ? ["--skip-ssl-verify-server-cert"]
      : knows("get-server-public-key")
        ? ["--get-server-public-key"]
        : [],
    dumpOptions: [
      ...(knows("column-statistics", dumpHelp) ? ["--skip-column-statistics"] : []),
      ...(knows("set-gtid-purged", dumpHelp) ? ["--set-gtid-purged=OFF"] : []),
      ...(knows("no-tablespaces", dumpHelp) ? ["--no-tablespaces"] : []),
    ],
  };
}

/** What a program prints; a Failure when it cannot even do that. */
async function output(program: string, args: readonly string[]): Promise<string> {
  await using tool = spawnTool(program, args, { signal: AbortSignal.timeout(10_000) });
  const [printed, exit] = await Promise.all([tool.stdout ? text(tool.stdout) : "", tool.exited]);
  if (exit.code === 0) return printed;
  throw new Failure(
    "SOURCE_UNAVAILABLE",
    `${program} ${args.at(-1)} failed: ${exit.stderr || exit.signal || `exit status ${exit.code}`}.`,
    install,
  );
}
