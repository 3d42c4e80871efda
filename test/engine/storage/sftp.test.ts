import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parsePublicKey } from "../../../server/domain/ssh-key.ts";
import type { SftpStorageConfig } from "../../../server/domain/storage.ts";
import { retrying } from "../../../server/engine/storage/retrying.ts";
import { sftpStorage } from "../../../server/engine/storage/sftp.ts";
import { readHostKey } from "../../../server/engine/storage/sftp-host-key.ts";
import { storageContract } from "../../contracts/storage.ts";
import { all } from "../../support/all.ts";
import { freePort } from "../../support/free-port.ts";
import { asRoot, keeper, type Sshd, startLine, startSshd } from "../../support/sshd.ts";

let sshd: Sshd;
/** A server as others have it: no hard links, no sync, nothing told of its disk. */
let plain: Sshd;
beforeAll(async () => {
  const denied = "hardlink,fsync,statvfs,fstatvfs,posix-rename,limits";
  [sshd, plain] = await Promise.all([startSshd(), startSshd({ sftp: ["-P", denied] })]);
});
afterAll(() => Promise.all([sshd, plain].map((server) => server[Symbol.asyncDispose]())));

const config = (directory: string, more: Partial<SftpStorageConfig> = {}, server: Sshd = sshd): SftpStorageConfig => ({
  host: "127.0.0.1",
  port: server.port,
  user: server.user,
  hostKey: server.hostKeys.ed25519,
  directory,
  ...more,
});
const key = (server: Sshd = sshd) => ({ privateKey: server.privateKey });
const still = () => ({ signal: new AbortController().signal });
const unavailable = (reason: string, message = "") =>
  expect.objectContaining({ code: "STORAGE_UNAVAILABLE", reason, message: expect.stringContaining(message), hint: expect.any(String) });
const fingerprint = (line: string) => parsePublicKey(line)?.fingerprint ?? "";

storageContract("sftp", async () => sftpStorage(config(await sshd.newFolder()), key()));
storageContract("sftp, a server without extensions", async () => sftpStorage(config(await plain.newFolder(), {}, plain), key(plain)));

describe("sftp storage", () => {
  it("keeps files 0600 in folders 0700, takes empty folders away, and leaves the storage's own", async () => {
    const root = await sshd.newFolder();
    const storage = sftpStorage(config(root), key());
    await storage.put("a/b/c", Readable.from([Buffer.from("x")]), still());
    const mode = async (path: string) => ((await stat(join(root, path))).mode & 0o7777).toString(8);
    expect([await mode("a"), await mode("a/b"), await mode("a/b/c")]).toEqual(["700", "700", "600"]);
    await storage.remove("a/b/c");
    expect(await readdir(root)).toEqual([]);
  });

  it("sweeps what a killed process left, in the named folder only, and lists none of it", async () => {
    const root = await sshd.newFolder();
    const storage = sftpStorage(config(root), key());
    const left = ".holdfast-0123456789abcdef.part";
    for (const name of ["dead/x/kept", "live/kept"]) await storage.put(name, Readable.from([Buffer.from("x")]), still());
    for (const name of [`dead/x/${left}`, `live/${left}`]) await writeFile(join(root, name), "half");
    expect((await all(storage.list(""))).map(({ name }) => name)).toEqual(["dead/x/kept", "live/kept"]);
    await storage.sweep("dead/");
    expect([await readdir(join(root, "dead/x")), await readdir(join(root, "live"))]).toEqual([["kept"], [left, "kept"]]);
  });

  it("tells free and all bytes where the server does, and null where it does not", async () => {
    const storage = sftpStorage(config(await sshd.newFolder()), key());
    const [free, total] = [await storage.free(), (await storage.total?.()) ?? 0];
    expect(total).toBeGreaterThan(free ?? Number.POSITIVE_INFINITY);
    const silent = sftpStorage(config(await plain.newFolder(), {}, plain), key(plain));
    expect([await silent.free(), await silent.total?.()]).toEqual([null, null]);
  });

  it("takes a missing directory for a disk that is not mounted, and does not make it", async () => {
    const root = join(await sshd.newFolder(), "gone");
    const storage = sftpStorage(config(root), key());
    const refused = unavailable("DIRECTORY_MISSING", root);
    await expect(storage.put("a", Readable.from([]), still())).rejects.toEqual(refused);
    await expect(storage.get("a")).rejects.toEqual(refused);
    await expect(storage.size("a")).rejects.toEqual(refused);
    await expect(storage.check()).rejects.toEqual(refused);
    await expect(all(storage.list("a/"))).rejects.toEqual(refused);
    await expect(stat(root)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("uses one connection for all that goes on, and closes it when nobody needs it any more", async () => {
    await using line = await startLine(sshd.port);
    const storage = sftpStorage(config(await sshd.newFolder(), { port: line.port }), key(), { idle: 1 });
    await Promise.all(["a", "b", "c"].map((name) => storage.put(name, Readable.from([Buffer.from(name)]), still())));
    expect(line.connections()).toBe(1);
    await line.closed();
    expect(await storage.size("a")).toBe(1);
    expect(line.connections()).toBe(2);
  });
});

describe("an sftp server's host key", () => {
  it("is read without signing in, as ssh-keygen shows it", async () => {
    const shown = await readHostKey("127.0.0.1", sshd.port, AbortSignal.timeout(20_000));
    expect(shown).toEqual({ hostKey: sshd.hostKeys.ed25519, type: "ssh-ed25519", fingerprint: fingerprint(sshd.hostKeys.ed25519) });
  });

  it("is the pinned one of several: its kind alone is asked for", async () => {
    await sftpStorage(config(await sshd.newFolder(), { hostKey: sshd.hostKeys.rsa }), key()).check();
  });

  it("stops everything when it is another one, or no longer of that kind, and tells both", async () => {
    const root = await sshd.newFolder();
    const ecdsa = join(root, "ecdsa");
    execFileSync("ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", ecdsa]);
    for (const hostKey of [plain.hostKeys.ed25519, plain.hostKeys.rsa, (await readFile(`${ecdsa}.pub`, "utf8")).trim()]) {
      const storage = sftpStorage(config(root, { hostKey }), key());
      const shown = fingerprint(hostKey.startsWith("ssh-rsa") ? sshd.hostKeys.rsa : sshd.hostKeys.ed25519);
      const refused = unavailable("HOST_KEY_CHANGED", `shows another host key: ${shown} instead of ${fingerprint(hostKey)}`);
      await expect(storage.size("a")).rejects.toEqual(refused);
    }
  });
});

describe("an sftp server that cannot be used", () => {
  /** Answers each connection as told; nothing of SSH. */
  async function stranger(greeting: string): Promise<number> {
    const server = createServer((socket) => void socket.on("error", () => {}).write(greeting)).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    return (server.address() as AddressInfo).port;
  }

  it("is named with what is wrong: nobody listens, no such name, silence, something that is not SSH", async () => {
    const times = { connect: 2000, signIn: 300 };
    const reason = async (more: Partial<SftpStorageConfig>) =>
      sftpStorage(config("/x", more), key(), times)
        .check()
        .catch((error: unknown) => error);
    expect(await reason({ port: await freePort() })).toEqual(unavailable("CONNECTION_REFUSED", "refuses the connection"));
    expect(await reason({ host: "nowhere.invalid" })).toMatchObject({ reason: expect.stringMatching(/HOST_UNKNOWN|LOOKUP_FAILED/) });
    expect(await reason({ port: await stranger("") })).toEqual(unavailable("TIMED_OUT"));
    expect(await reason({ port: await stranger("SSH-1.5-old\r\n") })).toEqual(unavailable("HANDSHAKE_FAILED"));
    await expect(readHostKey("127.0.0.1", await freePort(), AbortSignal.timeout(5000))).rejects.toEqual(unavailable("CONNECTION_REFUSED"));
  });

  it.runIf(asRoot)("lets in by password, and names what it refuses and what it takes, without the secret", async () => {
    const root = await sshd.newFolder();
    await sftpStorage(config(root), { password: sshd.password }).check();
    await sftpStorage(config(root), { password: sshd.password, privateKey: plain.privateKey }).check();
    const refusal = (secrets: { password?: string; privateKey?: string }) =>
      sftpStorage(config(root), secrets)
        .check()
        .catch((error: unknown) => error);
    const wrong = await refusal({ password: "battery staple" });
    expect(wrong).toEqual(unavailable("AUTHENTICATION_REFUSED", "refuses the user keeper with this password"));
    expect(wrong).toMatchObject({ hint: expect.stringContaining("It takes: publickey, password") });
    expect(inspect(wrong, { depth: 9, showHidden: true })).not.toContain("battery staple");
    const unknown = await refusal(key(plain));
    expect(unknown).toEqual(unavailable("AUTHENTICATION_REFUSED", "with this private key"));
    expect(inspect(unknown, { depth: 9, showHidden: true })).not.toContain(plain.privateKey.split("\n")[2]);
  });

  it.runIf(asRoot)("denies an account what is not its own, and says so", async () => {
    const root = await sshd.newFolder();
    await mkdir(join(root, "roots"), { mode: 0o755 });
    const storage = sftpStorage(config(join(root, "roots")), key());
    await expect(storage.check()).rejects.toEqual(unavailable("PERMISSION_DENIED", "denies making a file"));
    await expect(storage.put("a/b", Readable.from(["x"]), still())).rejects.toMatchObject({ code: "STORAGE_UNAVAILABLE" });
    expect((await stat(root)).uid).toBe(keeper);
  });
});

describe("an sftp server in trouble", () => {
  const bytes = randomBytes(9_000_000);
  /** All of `bytes`, after `upTo` only when `go` resolves. */
  async function* inTwo(upTo: number, go: () => Promise<void>) {
    yield bytes.subarray(0, upTo);
    await go();
    yield bytes.subarray(upTo);
  }

  it("leaves nothing when the connection is cut in the middle of a put, and takes the next one", async () => {
    await using line = await startLine(sshd.port);
    const root = await sshd.newFolder();
    const storage = sftpStorage(config(root, { port: line.port }), key());
    await storage.put("kept", Readable.from([bytes]), still());
    const half = line.passed("up", 3_000_000);
    const put = storage.put(
      "a/b",
      inTwo(3_000_000, () => half.then(() => line.cut())),
      still(),
    );
    await expect(put).rejects.toEqual(unavailable("CONNECTION_LOST"));
    expect(await readdir(root)).toEqual(["kept"]);
    await storage.put("a/b", Readable.from([bytes]), still());
    expect((await buffer(await storage.get("a/b"))).equals(bytes)).toBe(true);
  });

  it("leaves nothing when it is killed in the middle of a put", async () => {
    const root = await sshd.newFolder();
    const storage = sftpStorage(config(root), key());
    await expect(
      storage.put(
        "a/b",
        inTwo(1_000_000, () => sshd.endConnections()),
        still(),
      ),
    ).rejects.toEqual(unavailable("CONNECTION_LOST"));
    expect(await readdir(root)).toEqual([]);
  });

  it("gives every byte though it is killed in the middle of a get, when asked again", async () => {
    await using line = await startLine(sshd.port);
    const root = await sshd.newFolder();
    const alone = sftpStorage(config(root, { port: line.port }), key());
    const storage = retrying(alone, { firstMs: 1 });
    await storage.put("a", Readable.from([bytes]), still());
    /** Everything that comes, with the line cut once some has. */
    const cutIn = async (stream: Readable) => {
      const pieces: Buffer[] = [];
      for await (const piece of stream) if (pieces.push(piece) === 2) line.cut();
      return Buffer.concat(pieces);
    };
    expect((await cutIn(await storage.get("a"))).equals(bytes)).toBe(true);
    await expect(cutIn(await alone.get("a"))).rejects.toEqual(unavailable("CONNECTION_LOST"));
  });

  it("is given up when it falls silent, in a put and in a get", async () => {
    await using line = await startLine(sshd.port);
    const storage = sftpStorage(config(await sshd.newFolder(), { port: line.port }), key(), { keepAlive: 700, connect: 700, signIn: 700 });
    await storage.put("a", Readable.from([bytes]), still());
    const stream = await storage.get("a", { start: 1_000_000 });
    line.hold(true);
    await expect(buffer(stream)).rejects.toEqual(unavailable("TIMED_OUT", "has not answered"));
    line.hold(false);
    const put = storage.put(
      "b",
      inTwo(1000, async () => line.hold(true)),
      still(),
    );
    await expect(put).rejects.toEqual(unavailable("TIMED_OUT"));
  });

  it("ends a put at once when it is aborted while the server is silent", async () => {
    await using line = await startLine(sshd.port);
    const storage = sftpStorage(config(await sshd.newFolder(), { port: line.port }), key(), { keepAlive: 700, connect: 700, signIn: 700 });
    const abort = new AbortController();
    const put = storage.put(
      "b",
      inTwo(1000, async () => {
        line.hold(true);
        abort.abort(new Error("cancelled by its user"));
      }),
      { signal: abort.signal },
    );
    await expect(put).rejects.toThrow("cancelled by its user");
  });

  it.runIf(asRoot)("says how full its disk is, leaves nothing half on it and what was there whole", async () => {
    await using small = await startSshd({ prepare: 'mount -t tmpfs -o size=8m tmpfs "$1"' });
    const storage = sftpStorage(config(small.folder, {}, small), key(small));
    const kept = bytes.subarray(0, 5_000_000);
    await storage.put("kept", Readable.from([kept]), still());
    await expect(storage.put("a/b", Readable.from([bytes]), still())).rejects.toMatchObject({
      code: "STORAGE_FULL",
      message: expect.stringMatching(/^The disk of the SFTP server 127\.0\.0\.1:\d+ is full: .* are free\.$/),
    });
    expect((await all(storage.list(""))).map(({ name }) => name)).toEqual(["kept"]);
    expect(await storage.free()).toBeGreaterThan(3_000_000);
    expect((await buffer(await storage.get("kept"))).equals(kept)).toBe(true);
    await storage.put("a/b", Readable.from([kept.subarray(0, 2_000_000)]), still());
  });
});
