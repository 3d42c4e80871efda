import { createHash, createSecretKey, randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { expect, it } from "vitest";
import { decryptAge, encryptAge } from "../../../server/engine/codec/age.ts";
import type { Digests, PayloadWork } from "../../../server/engine/codec/age-slab.ts";
import { throughThread } from "../../../server/engine/codec/age-thread.ts";

const mebi = 1024 * 1024;
const sealing = (keyBytes = 32): PayloadWork => ({
  ...{ direction: "seal", key: createSecretKey(randomBytes(keyBytes)), head: new Uint8Array(10), sumsInside: true },
});
const sum = (bytes: Uint8Array) => ({ size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
const threads = () => process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length;

/** Mebibytes without an end; tells how many were asked for, and whether their reader left. */
function endless() {
  const told = { asked: 0, left: false };
  const bytes = (async function* () {
    try {
      for (; ; told.asked += 1) yield Buffer.alloc(mebi);
    } finally {
      told.left = true;
    }
  })();
  return { told, bytes };
}

it.each([100, 5 * mebi + 3])("gives both checksums of %i bytes before the last of them, sealing and opening", async (size) => {
  const identity = await generateIdentity();
  const [plain, told]: [Buffer, Digests[]] = [randomBytes(size), []];
  const once = async function* (bytes: Buffer) {
    yield bytes;
  };
  const note = (digests: Digests) => void told.push(digests);
  const sealed = await buffer(encryptAge([await identityToRecipient(identity)], note)(once(plain)));
  const opened = await buffer(decryptAge([identity], "file.age", { told: note, sumsInside: true })(once(sealed)));
  expect(opened.equals(plain)).toBe(true);
  const expected = { stored: sum(sealed), inside: sum(plain) };
  expect(told).toEqual([expected, expected]);
});

it("reads a few mebibytes ahead of a reader that takes nothing, and ends its thread and its source when that leaves", async () => {
  const [{ told, bytes }, before] = [endless(), threads()];
  const sealed = throughThread(sealing(), bytes, () => {});
  for (let taken = 1; taken <= 3; taken += 1) {
    expect((await sealed.next()).value).toHaveLength(mebi + 16 * 16);
    expect(told.asked).toBeLessThanOrEqual(taken + 2);
  }
  expect(threads()).toBeGreaterThan(before);
  await sealed.return();
  expect(told.left).toBe(true);
  expect(threads()).toBe(before);
});

it("fails as its thread does, and lets go of its source", async () => {
  const { told, bytes } = endless();
  // With such a key there is no cipher, which only the thread finds out.
  await expect(buffer(throughThread(sealing(5), bytes, () => {}) as AsyncGenerator<Buffer>)).rejects.toThrow(/key length/i);
  expect(told.left).toBe(true);
});

it("fails as its source does, and ends its thread", async () => {
  const before = threads();
  const broken = async function* () {
    for (let at = 0; at < 3; at += 1) yield Buffer.alloc(mebi);
    throw new Error("the disk was unplugged");
  };
  const read = async () => {
    for await (const _ of throughThread(sealing(), broken(), () => {}));
  };
  await expect(read()).rejects.toThrow("the disk was unplugged");
  expect(threads()).toBe(before);
});
