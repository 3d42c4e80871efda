import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import { root as checkout } from "./holdfast.ts";

const run = promisify(execFile);

/** Where OpenSSH's server is: installed, or unpacked by the set-up. */
const home = existsSync("/usr/sbin/sshd") ? "" : join(checkout, "dist/.setup/openssh-server");
const sftpServer = [`${home}/usr/lib/openssh/sftp-server`, "/usr/libexec/openssh/sftp-server", "/usr/libexec/sftp-server"].find(existsSync);

/** As root there is an account with a password, and an account that may not do everything; else there is only ours, with a key. */
export const asRoot = process.getuid?.() === 0;

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** The account to sign in as. */
  readonly user: string;
  /** Its password; empty where there is none. */
  readonly password: string;
  readonly privateKey: string;
  /** A line as in known_hosts; `ssh-ed25519` and `ssh-rsa`. */
  readonly hostKeys: { readonly ed25519: string; readonly rsa: string };
  /** A folder that belongs to the account, and a new one in it. */
  readonly folder: string;
  newFolder(): Promise<string>;
  /** Ends all that serves a connection now; new ones are taken. */
  endConnections(): Promise<void>;
}

/** The account's number where we are root. */
export const keeper = 4711;

interface Options {
  /** Further lines of its configuration. */
  readonly lines?: readonly string[];
  /** Words of sftp-server's own, such as a umask or requests that it refuses. */
  readonly sftp?: readonly string[];
  /** Shell commands that run as root in the server's own mount namespace before it starts; `$1` is the folder. */
  readonly prepare?: string;
  readonly port?: number;
}

/**
 * OpenSSH's own server on loopback, with host keys, accounts and configuration of its own. As root it runs where it alone sees those
 * accounts, in a mount namespace: nothing of this machine is changed.
 */
export async function startSshd({ lines = [], sftp = [], prepare = ":", port: wanted }: Options = {}): Promise<Sshd> {
  if (!sftpServer) throw new Error("OpenSSH's sftp-server is not on this machine.");
  const own = await mkdtemp(join(tmpdir(), "holdfast-sshd-"));
  await chmod(own, 0o755);
  const folder = join(own, "storage");
  await mkdir(folder, { mode: 0o700 });
  const user = asRoot ? "keeper" : userInfo().username;
  const [port, password] = [wanted ?? (await freePort()), asRoot ? "correct horse" : ""];
  for (const type of ["ed25519", "rsa"]) await run("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "", "-f", join(own, `host-${type}`)]);
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(own, "key")]);
  await writeFile(join(own, "config"), configuration(own, port, lines, sftp));
  if (asRoot) await makeAccounts(own, password);

  const program = [`${home}/usr/sbin/sshd`, "-D", "-e", "-f", join(own, "config")];
  const space = `mount --make-rprivate / && mount --bind ${own}/passwd /etc/passwd && mount --bind ${own}/shadow /etc/shadow && mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && (${prepare}) && chown -R ${keeper}:${keeper} "$1" && shift && exec "$@"`;
  const words = asRoot ? ["unshare", "--mount", "sh", "-c", space, "sh", folder, ...program] : program;
  const child = spawn(words[0] ?? "", words.slice(1), {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env.PATH ?? "",
      LD_LIBRARY_PATH: home && `${home}/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`,
    },
  });
  let told = "";
  let made = 0;
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      told += text;
      if (told.includes(`Server listening on 127.0.0.1 port ${port}`)) resolve();
    });
    child.once("exit", () => reject(new Error(`sshd ended: ${told}`)));
  });
  const line = async (type: string) => (await readFile(join(own, `host-${type}.pub`), "utf8")).trim();
  const stop = async () => {
    const gone = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
    await endChildren(child.pid ?? 0);
    child.kill("SIGKILL");
    await gone;
    await rm(own, { recursive: true, force: true });
  };
  return {
    port,
    user,
    password,
    privateKey: await readFile(join(own, "key"), "utf8"),
    hostKeys: { ed25519: await line("ed25519"), rsa: await line("rsa") },
    folder,
    async newFolder() {
      made += 1;
      const path = join(folder, `storage-${made}`);
      await mkdir(path, { mode: 0o700 });
      if (asRoot) await chown(path, keeper, keeper);
      return path;
    },
    endConnections: () => endChildren(child.pid ?? 0),
    [Symbol.asyncDispose]: stop,
  };
}

function configuration(own: string, port: number, lines: readonly string[], sftp: readonly string[]): string {
  const parts = existsSync(`${home}/usr/lib/openssh/sshd-session`)
    ? [
        `SshdSessionPath ${home}/usr/lib/openssh/sshd-session`,
        ...(existsSync(`${home}/usr/lib/openssh/sshd-auth`) ? [`SshdAuthPath ${home}/usr/lib/openssh/sshd-auth`] : []),
      ]
    : [];
  return [
    ...lines,
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${own}/host-ed25519`,
    `HostKey ${own}/host-rsa`,
    `AuthorizedKeysFile ${own}/key.pub`,
    "StrictModes no",
    "UsePAM no",
    "UseDNS no",
    "PidFile none",
    "MaxStartups 100:30:200",
    "LogLevel INFO",
    `Subsystem sftp ${[sftpServer, ...sftp].join(" ")}`,
    ...parts,
    "",
  ].join("\n");
}

async function makeAccounts(own: string, password: string): Promise<void> {
  const hash = (await run("openssl", ["passwd", "-6", "-salt", "holdfast", password])).stdout.trim();
  await writeFile(
    join(own, "passwd"),
    `root:x:0:0:root:/root:/bin/sh\nsshd:x:4710:65534::/run/sshd:/usr/sbin/nologin\nkeeper:x:${keeper}:${keeper}::/:/bin/sh\nother:x:4712:4712::/:/bin/sh\n`,
  );
  await writeFile(join(own, "shadow"), `root:*:19000:0:99999:7:::\nkeeper:${hash}:19000:0:99999:7:::\nother:${hash}:19000:0:99999:7:::\n`, {
    mode: 0o600,
  });
}

/** Kills what a process has started, and what that has started. */
async function endChildren(pid: number): Promise<void> {
  const { stdout } = await run("ps", ["-e", "-o", "pid=,ppid="]);
  const pairs = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] => pairs.filter(([, of]) => of === parent).flatMap(([child = 0]) => [child, ...below(child)]);
  for (const child of below(pid)) {
    try {
      process.kill(child, "SIGKILL");
    } catch {
      // It went by itself.
    }
  }
}

/** A way to a server that can be cut or held up. */
export interface Line extends AsyncDisposable {
  readonly port: number;
  /** Connections that were made so far. */
  readonly connections: () => number;
  /** Ends every connection, as a router that forgets them. */
  cut(): void;
  /** Lets nothing through any more, in either direction, without ending anything; or again. */
  hold(silent: boolean): void;
  /** Resolves when so many bytes have gone to the server, or come from it, in all. */
  passed(direction: "up" | "down", bytes: number): Promise<void>;
  /** Resolves when no connection is open. */
  closed(): Promise<void>;
}

export async function startLine(to: number): Promise<Line> {
  const pairs = new Set<[Socket, Socket]>();
  const count = { up: 0, down: 0 };
  const waiting = new Set<() => void>();
  let made = 0;
  let held = false;
  const carry = (from: Socket, into: Socket, direction: "up" | "down") => {
    from.on("data", (chunk) => {
      count[direction] += chunk.length;
      for (const wake of waiting) wake();
      if (!into.write(chunk)) from.pause();
    });
    into.on("drain", () => held || from.resume());
    from.on("end", () => into.end());
    from.on("error", () => into.destroy());
    from.on("close", () => into.destroy());
  };
  const until = async (holds: () => boolean) => {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      await promise;
      waiting.delete(resolve);
    }
  };
  const server = createServer((near) => {
    made += 1;
    const far = connect(to, "127.0.0.1");
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    near.once("close", () => {
      pairs.delete(pair);
      for (const wake of waiting) wake();
    });
    carry(near, far, "up");
    carry(far, near, "down");
    if (held) for (const socket of pair) socket.pause();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const cut = () => {
    for (const [near, far] of pairs) {
      near.destroy();
      far.destroy();
    }
  };
  return {
    port: typeof address === "object" && address ? address.port : 0,
    connections: () => made,
    cut,
    hold(silent) {
      held = silent;
      for (const pair of pairs) for (const socket of pair) silent ? socket.pause() : socket.resume();
    },
    passed(direction, bytes) {
      const goal = count[direction] + bytes;
      return until(() => count[direction] >= goal);
    },
    closed: () => until(() => pairs.size === 0),
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
