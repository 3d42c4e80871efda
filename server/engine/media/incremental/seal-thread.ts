import { createHash } from "node:crypto";
import { on } from "node:events";
import { writevSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { sealWith } from "../../codec/age.ts";
import { type KeyText, keyOfText } from "../../codec/age-header.ts";
import { freeMemory } from "../../memory.ts";
import { lengthOf } from "../../pieces.ts";
import { messageHeadBytes, messages, type SealedPack } from "./messages.ts";
import type { FromSealer, SealerSettings, ToSealer } from "./sealer.ts";

// The thread that hashes and encrypts packs and sends them to the parent: it may wait for the pipe meanwhile.
const port = parentPort;
if (!port) throw new Error("This runs as a worker thread only");
const { fds, encrypted } = workerData as SealerSettings;
const inbox = on(port, "message");
const keys: KeyText[] = [];
const arrived: Exclude<ToSealer, { key: KeyText }>[] = [];
const head = Buffer.alloc(messageHeadBytes);

for (let [order, count] = [await next(), 0]; order !== null; order = await next(), count += 1)
  await seal(order, fds[count % fds.length] ?? -1);
port.close();

/** Sends the pack that begins with this order, and what it is then. */
async function seal(first: Exclude<(typeof arrived)[number], null>, fd: number): Promise<void> {
  const stored = createHash("sha256");
  let [number, size, storedSize] = [0, 0, 0];
  async function* pieces(): AsyncGenerator<readonly Uint8Array[], void> {
    for (let order: (typeof arrived)[number] = first; ; order = await next()) {
      if (order === null) throw new Error("The packs ended within one");
      if ("end" in order) {
        number = order.end;
        return;
      }
      const { bytes } = order;
      size += bytes.length;
      yield [bytes];
      port?.postMessage({ free: bytes.buffer } satisfies FromSealer, [bytes.buffer]);
    }
  }
  for await (const parts of encrypted ? sealWith(await nextKey(), pieces()) : pieces()) {
    for (const part of parts) stored.update(part);
    storedSize += send(fd, messages.packBytes, parts);
    if (encrypted) for (const part of parts) freeMemory(part);
  }
  // Inside, each chunk has a sum of its own.
  const packed = encrypted ? { size, sha256: null } : null;
  const pack: SealedPack = { number, storedSize, sha256: stored.digest("hex"), packed };
  send(fd, messages.packEnd, [Buffer.from(JSON.stringify(pack))]);
}

async function next(): Promise<(typeof arrived)[number]> {
  for (;;) {
    const order = arrived.shift();
    if (order !== undefined) return order;
    await receive();
  }
}

async function nextKey() {
  for (;;) {
    const key = keys.shift();
    if (key) return keyOfText(key);
    await receive();
  }
}

async function receive(): Promise<void> {
  const { value } = await inbox.next();
  const [order] = value as [ToSealer];
  if (order !== null && "key" in order) keys.push(order.key);
  else arrived.push(order);
}

/** Sends these parts as one message; the length of all. */
function send(fd: number, kind: number, parts: readonly Uint8Array[]): number {
  const length = lengthOf(parts);
  head.writeUInt8(kind, 0);
  head.writeUInt32LE(length, 1);
  for (let rest: readonly Uint8Array[] = [head, ...parts]; rest.length > 0; ) rest = behind(rest, writevSync(fd, rest));
  return length;
}

/** What stands behind the first bytes of these parts. */
function behind(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  for (const [at, part] of parts.entries()) {
    if (left < part.length) return [part.subarray(left), ...parts.slice(at + 1)];
    left -= part.length;
  }
  return [];
}
