import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decryptAge, encryptAge, sealWith } from "../../../server/engine/codec/age.ts";
import { sealFileKey } from "../../../server/engine/codec/age-header.ts";
import { openAge } from "../../../server/engine/codec/age-reader.ts";

const run = promisify(execFile);
const chunk = 64 * 1024;

let folder: string;
/** The server's key, and one for recovery as `age-keygen` makes it. */
let server: { identity: string; recipient: string };
let recovery: { file: string; recipient: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-age-"));
  const identity = await generateIdentity();
  server = { identity, recipient: await identityToRecipient(identity) };
  await writeFile(join(folder, "server.txt"), `${identity}\n`);
  const file = join(folder, "recovery.txt");
  await run("age-keygen", ["-o", file]);
  recovery = { file, recipient: (await run("age-keygen", ["-y", file])).stdout.trim() };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The bytes in pieces of odd lengths, as streams give them. */
function* pieces(bytes: Buffer) {
  const lengths = [1, 70_000, 16, 65_536, 131_072, 300_001, 65_552];
  for (let [at, turn] = [0, 0]; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}
const through = (codec: ReturnType<typeof encryptAge>, bytes: Buffer) => buffer(codec(Readable.from(pieces(bytes), { objectMode: false })));
const encrypted = (bytes: Buffer) => through(encryptAge([server.recipient, recovery.recipient]), bytes);
const decrypted = (bytes: Buffer) => through(decryptAge([server.identity], "file.age"), bytes);
const opened = (bytes: Buffer, name = "file.age") =>
  openAge(
    {
      name,
      size: bytes.length,
      get: async ({ start, end }) => Readable.from(pieces(bytes.subarray(start, end + 1)), { objectMode: false }),
    },
    [server.identity],
  );
const sizes = [0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, 3 * chunk + 7, 40 * chunk + 12_345];
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const corrupt = expect.objectContaining({ code: "ARTIFACT_CORRUPT", message: expect.stringContaining("file.age") });

describe("a file encrypted by Holdfast", () => {
  it.each(sizes)("of %i bytes opens with the stock age, with the server's key and with the recovery key", async (size) => {
    const plain = randomBytes(size);
    const file = join(folder, `ours-${size}.age`);
    await writeFile(file, await encrypted(plain));
    for (const identity of [join(folder, "server.txt"), recovery.file]) {
      const { stdout } = await run("age", ["-d", "-i", identity, file], { encoding: "buffer", maxBuffer: 2 ** 26 });
      expect(digest(stdout)).toBe(digest(plain));
    }
  });

  it("opens with the library that made its header, and never has the same bytes twice", async () => {
    const plain = randomBytes(3 * chunk);
    const [one, two] = [await encrypted(plain), await encrypted(plain)];
    const decrypter = new Decrypter();
    decrypter.addIdentity(server.identity);
    expect(digest(await decrypter.decrypt(one))).toBe(digest(plain));
    expect(one.subarray(-100)).not.toEqual(two.subarray(-100));
  });
});

describe("a file sealed right out of what it is made of", () => {
  const recipients = () => [server.recipient, recovery.recipient];
  it.each(sizes)("of %i bytes opens with the stock age", async (size) => {
    const [plain, file] = [randomBytes(size), join(folder, `sealed-${size}.age`)];
    const parts: Uint8Array[] = [];
    // What was given is of no more use to it when it asks for more: its memory may be another one's then.
    async function* lent() {
      for (const piece of pieces(plain)) {
        const memory = Buffer.from(piece);
        yield [memory.subarray(0, 9), memory.subarray(9)];
        memory.fill(0);
      }
    }
    for await (const some of sealWith(await sealFileKey(recipients()), lent())) parts.push(...some);
    await writeFile(file, Buffer.concat(parts));
    const { stdout } = await run("age", ["-d", "-i", recovery.file, file], { encoding: "buffer", maxBuffer: 2 ** 26 });
    expect(digest(stdout)).toBe(digest(plain));
  });
});

describe("a file encrypted by the stock age", () => {
  it.each(sizes)("of %i bytes is read whole, and from any place", async (size) => {
    const plain = randomBytes(size);
    const [input, file] = [join(folder, "plain"), join(folder, `stock-${size}.age`)];
    await writeFile(input, plain);
    await run("age", ["-r", recovery.recipient, "-r", server.recipient, "-o", file, input]);
    const sealed = await readFile(file);
    expect(digest(await decrypted(sealed))).toBe(digest(plain));
    const { size: found, read } = await opened(sealed);
    expect(found).toBe(size);
    const edges = [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, size - chunk, size - 2, size - 1].filter((at) => at >= 0 && at < size);
    for (const start of edges)
      for (const end of edges.filter((at) => at >= start))
        expect(digest(await buffer(await read(start, end)))).toBe(digest(plain.subarray(start, end + 1)));
  });

  it("for somebody else is KEY_MISSING", async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recovery.recipient);
    const sealed = Buffer.from(await encrypter.encrypt(randomBytes(10)));
    const missing = expect.objectContaining({ code: "KEY_MISSING", reason: "KEY_UNAVAILABLE" });
    await expect(decrypted(sealed)).rejects.toThrow(missing);
    await expect(opened(sealed)).rejects.toThrow(missing);
  });
});

describe("an encrypted file that was tampered with", () => {
  const whole = async (sealed: Buffer) => {
    const { size, read } = await opened(sealed);
    return buffer(await read(0, size - 1));
  };

  it("is noticed wherever a byte is changed: in each place of its header, its nonce, and each chunk's content and tag", async () => {
    const sealed = await encrypted(randomBytes(3 * chunk + 7));
    const begin = sealed.indexOf("\n", sealed.indexOf("\n---") + 1) + 1;
    const places = [
      ...Array(begin + 16).keys(),
      begin + 20,
      begin + 16 + chunk + 3,
      begin + 16 + 2 * chunk + 40,
      sealed.length - 20,
      sealed.length - 1,
    ];
    for (const place of places) {
      const spoiled = Buffer.from(sealed);
      spoiled[place] = (spoiled[place] ?? 0) ^ 1;
      // A changed line of a recipient may read as that of somebody else.
      for (const read of [decrypted, whole])
        await expect(read(spoiled), `byte ${place}`).rejects.toThrow(
          place < begin ? expect.objectContaining({ code: expect.stringMatching(/ARTIFACT_CORRUPT|KEY_MISSING/) }) : corrupt,
        );
    }
  });

  it("is noticed when it is cut, also right between two chunks, or goes on", async () => {
    const sealed = await encrypted(randomBytes(3 * chunk));
    const begin = sealed.length - 3 * (chunk + 16);
    const cuts = [0, 10, begin - 16, begin, begin + 5, begin + chunk + 16, begin + 2 * (chunk + 16), sealed.length - 1];
    const spoiled = [...cuts.map((length) => sealed.subarray(0, length)), Buffer.concat([sealed, Buffer.alloc(1)])];
    spoiled.push(Buffer.concat([sealed, sealed.subarray(-(chunk + 16))]), Buffer.concat([sealed, Buffer.alloc(chunk + 16)]));
    for (const bytes of spoiled) {
      await expect(decrypted(bytes), `${bytes.length} bytes, as a stream`).rejects.toThrow(corrupt);
      await expect(whole(bytes), `${bytes.length} bytes, from a place`).rejects.toThrow(corrupt);
    }
  });

  it("is noticed when its chunks changed places, or came from another file", async () => {
    const plain = randomBytes(3 * chunk);
    const [sealed, other] = [await encrypted(plain), await encrypted(plain)];
    const [begin, length] = [sealed.length - 3 * (chunk + 16), chunk + 16];
    const nth = (file: Buffer, number: number) => file.subarray(begin + number * length, begin + (number + 1) * length);
    const head = sealed.subarray(0, begin);
    for (const chunks of [
      [nth(sealed, 1), nth(sealed, 0), nth(sealed, 2)],
      [nth(sealed, 0), nth(other, 1), nth(sealed, 2)],
      [nth(sealed, 0), nth(sealed, 2)],
    ]) {
      const spoiled = Buffer.concat([head, ...chunks]);
      await expect(decrypted(spoiled)).rejects.toThrow(corrupt);
      await expect(whole(spoiled)).rejects.toThrow(corrupt);
    }
  });

  it("is noticed in a range, from the chunks that the range touches alone", async () => {
    const plain = randomBytes(4 * chunk);
    const sealed = await encrypted(plain);
    const place = sealed.length - 3 * (chunk + 16) + 9;
    sealed[place] = (sealed[place] ?? 0) ^ 1;
    const { read } = await opened(sealed);
    expect(digest(await buffer(await read(2 * chunk, 2 * chunk + 9)))).toBe(digest(plain.subarray(2 * chunk, 2 * chunk + 10)));
    await expect(read(chunk - 5, chunk + 5).then(buffer)).rejects.toThrow(corrupt);
  });
});
