import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { AnyAuthMethod, Client, ConnectConfig, SFTPWrapper } from "ssh2";
import { Failure } from "../../domain/errors.ts";
import { parsePublicKey, publicKeyOf } from "../../domain/ssh-key.ts";
import type { SftpStorageConfig } from "../../domain/storage.ts";
import { keyChanged, lost, notLetIn, notSsh, serverName, silent, statusOf, unreachable, withoutSftp } from "./sftp-errors.ts";
import { algorithmsOf, readHostKey } from "./sftp-host-key.ts";

/** How long things may take, in milliseconds. */
export interface SftpTimes {
  readonly connect: number;
  /** Shaking hands and signing in. */
  readonly signIn: number;
  /** Between signs of life that the server is asked for; three without an answer end the connection. */
  readonly keepAlive: number;
  /** The longest silence while something was asked for: the sync of a large file on a slow disk takes its time. */
  readonly answer: number;
  /** A connection that nobody uses is closed after this. */
  readonly idle: number;
}

export interface SftpSecrets {
  readonly password?: string;
  readonly privateKey?: string;
}

/** One connection, signed in. */
export interface SftpSession {
  readonly sftp: SFTPWrapper;
  /** Aborts with the Failure that ended the connection. */
  readonly gone: AbortSignal;
  /** One request: its answer, the server's refusal as the library has it, or the Failure that ended the connection. */
  ask<T = void>(request: (done: (error: Error | null | undefined, answer: T) => void) => void): Promise<T>;
  /** Whether the process may end while the connection is open. */
  hold(busy: boolean): void;
  end(): void;
}

/** Connects, compares the host key with the pinned one, signs in, and opens SFTP. */
export async function openSession(config: SftpStorageConfig, secrets: SftpSecrets, times: SftpTimes): Promise<SftpSession> {
  const server = serverName(config);
  const socket = await dial(config, times.connect);
  // Loaded with the first connection: most installations have no SFTP storage, and it takes 17 MB.
  const ssh2 = await import("ssh2");
  const client = new ssh2.default.Client();
  const auth = signingIn(config.user, secrets);
  const pinned = parsePublicKey(config.hostKey);
  let shown: string | null = null;
  const options: ConnectConfig = {
    sock: socket,
    username: config.user,
    readyTimeout: times.signIn,
    keepaliveInterval: times.keepAlive,
    keepaliveCountMax: 3,
    algorithms: algorithmsOf(pinned),
    hostVerifier: (key: Buffer) => {
      const line = publicKeyOf(key);
      shown = line?.fingerprint ?? "a key of a kind that is not known";
      return line?.line === pinned?.line;
    },
    authHandler: (left, _partial, next) => {
      auth.offered = left ?? auth.offered;
      const method = auth.next();
      if (!method) return false;
      return next(method);
    },
  };
  try {
    await started(
      client,
      () => client.connect(options),
      times.signIn * 2,
      () => silent(server, Math.round(times.signIn / 1000)),
    );
    return wrapped(client, socket, await subsystem(client, server), server, times);
  } catch (error) {
    client.destroy();
    socket.destroy();
    if (error instanceof Failure) throw error;
    throw await explained(error);
  }

  async function explained(error: unknown): Promise<Failure> {
    const level = error instanceof Error && "level" in error ? error.level : "";
    if (level === "client-authentication") return notLetIn(server, config.user, auth.tried, auth.offered);
    if (level === "client-timeout") return silent(server, Math.round(times.signIn / 1000));
    const otherKind = error instanceof Error && /no matching host key format/.test(error.message);
    if (otherKind || (shown !== null && /verification failed/.test(String(error)))) {
      const other =
        shown ?? (await readHostKey(config.host, config.port, AbortSignal.timeout(times.connect)).catch(() => null))?.fingerprint;
      return keyChanged(server, pinned?.fingerprint ?? config.hostKey, other ?? null);
    }
    return level === "client-socket" ? lost(server, error) : notSsh(server, error);
  }
}

async function dial({ host, port }: SftpStorageConfig, ms: number): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  const timeout = AbortSignal.timeout(ms);
  try {
    await once(socket, "connect", { signal: timeout });
    return socket;
  } catch (error) {
    socket.on("error", () => {});
    socket.destroy();
    throw timeout.aborted ? silent(serverName({ host, port }), Math.round(ms / 1000)) : unreachable(serverName({ host, port }), error);
  }
}

/** The ways to sign in, one after the other, and which of them were tried and offered. */
function signingIn(username: string, { password, privateKey }: SftpSecrets) {
  const left: { readonly name: string; readonly method: AnyAuthMethod }[] = [];
  if (privateKey) left.push({ name: "private key", method: { type: "publickey", username, key: privateKey } });
  if (password) {
    left.push({ name: "password", method: { type: "password", username, password } });
    let asked = false;
    // Many servers ask for the password in this way only. What they ask for besides, nobody is there to answer.
    const prompt = (_name: string, _text: string, _language: string, prompts: readonly unknown[], finish: (answers: string[]) => void) => {
      finish(asked ? [] : prompts.map(() => password));
      asked = true;
    };
    left.push({ name: "password", method: { type: "keyboard-interactive", username, prompt } });
  }
  const tried = new Set<string>();
  return {
    offered: [] as readonly string[],
    get tried() {
      return [...tried];
    },
    next(): AnyAuthMethod | null {
      for (let way = left.shift(); way; way = left.shift())
        if (this.offered.length === 0 || this.offered.includes(way.method.type)) {
          tried.add(way.name);
          return way.method;
        }
      return null;
    },
  };
}

function started(client: Client, begin: () => void, ms: number, late: () => Failure): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    const settle = (then: () => void) => {
      clearTimeout(timer);
      then();
    };
    client.once("ready", () => settle(resolve));
    // Later errors are heard of by what is open then; one without a listener would end the process.
    client.on("error", (error: Error) => settle(() => reject(error)));
    client.once("close", () => settle(() => reject(Object.assign(new Error("closed"), { level: "client-socket" }))));
    begin();
  });
}

const subsystem = (client: Client, server: string) =>
  new Promise<SFTPWrapper>((resolve, reject) => client.sftp((error, sftp) => (error ? reject(withoutSftp(server, error)) : resolve(sftp))));

function wrapped(client: Client, socket: Socket, sftp: SFTPWrapper, server: string, times: SftpTimes): SftpSession {
  const gone = new AbortController();
  let waiting = 0;
  let timer: NodeJS.Timeout | undefined;
  const lose = (failure: Failure) => {
    clearTimeout(timer);
    gone.abort(failure);
    client.destroy();
    socket.destroy();
  };
  /** Silence counts from the last answer of any request. */
  const watch = () => {
    clearTimeout(timer);
    if (waiting > 0 && !gone.signal.aborted) timer = setTimeout(() => lose(silent(server, Math.round(times.answer / 1000))), times.answer);
  };
  client.on("error", (error: Error & { level?: string }) =>
    lose(error.level === "client-timeout" ? silent(server, Math.round((times.keepAlive * 3) / 1000)) : lost(server, error)),
  );
  client.once("close", () => lose(lost(server)));
  sftp.once("close", () => lose(lost(server)));
  sftp.on("error", (error: Error) => lose(lost(server, error)));
  return {
    sftp,
    gone: gone.signal,
    ask(request) {
      return new Promise((resolve, reject) => {
        if (gone.signal.aborted) return reject(gone.signal.reason);
        let settled = false;
        const settle = (then: () => void) => {
          if (settled) return;
          settled = true;
          gone.signal.removeEventListener("abort", onGone);
          waiting -= 1;
          watch();
          then();
        };
        const onGone = () => settle(() => reject(gone.signal.reason));
        gone.signal.addEventListener("abort", onGone, { once: true });
        waiting += 1;
        if (waiting === 1) watch();
        const done = (error: Error | null | undefined, answer: Parameters<typeof resolve>[0]) =>
          settle(() => {
            if (!error) return resolve(answer);
            // What the library says by itself is about the connection, or about a request that the server never got.
            if (statusOf(error) === null && /No response from server/.test(error.message)) lose(lost(server, error));
            reject(gone.signal.aborted ? gone.signal.reason : error);
          });
        try {
          request(done);
        } catch (error) {
          settle(() => reject(error));
        }
      });
    },
    hold: (busy) => void (busy ? socket.ref() : socket.unref()),
    end: () => lose(lost(server)),
  };
}
