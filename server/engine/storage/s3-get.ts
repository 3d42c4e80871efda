import { Readable } from "node:stream";
import { GetObjectCommand, type GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { Failure } from "../../domain/errors.ts";
import { abortable } from "../abortable.ts";
import { codeOf, explained, mayPass, statusOf } from "./s3-errors.ts";
import type { S3Service } from "./s3-service.ts";
import { streamOf } from "./stream.ts";

/** Breaks in a row, without a byte between them, after which a stream gives up. */
const breaksInARow = 4;

/**
 * The bytes of an object. Where the stream breaks another request goes on from there, as long as the object is still the same one: another
 * tag under the same name is an error, not the rest of a different file.
 */
export async function get(service: S3Service, name: string, range?: { start: number; end?: number }): Promise<Readable> {
  const [start, end] = [range?.start ?? 0, range?.end];
  if (end !== undefined && end < start) return Readable.from([], { objectMode: false });
  const opened = await service.once(async (options) => open(service, name, { start, end, whole: range === undefined }, options), {
    endless: true,
  });
  if (!opened) return Readable.from([], { objectMode: false });
  const stream = streamOf((signal) => pieces(service, name, opened, signal));
  stream.once("close", () => opened.body.destroy());
  return stream;
}

interface Opened {
  readonly body: Readable;
  /** The next byte, and the one after the last. */
  readonly position: number;
  readonly stop: number;
  readonly tag: string | undefined;
}

/** Null when there is no byte from `start` on. */
async function open(
  service: S3Service,
  name: string,
  { start, end, whole, tag }: { start: number; end?: number | undefined; whole: boolean; tag?: string | undefined },
  options: { abortSignal: AbortSignal },
): Promise<Opened | null> {
  const command = new GetObjectCommand({
    Bucket: service.place.bucket,
    Key: service.key(name),
    ...(whole ? {} : { Range: `bytes=${start}-${end ?? ""}` }),
    ...(tag ? { IfMatch: tag } : {}),
  });
  const answer = await service.client.send(command, options).catch((error: unknown) => {
    if (statusOf(error) === 416) return null;
    if (codeOf(error) === "NoSuchKey") throw absent(service, name);
    if (statusOf(error) === 412) throw changed(service, name);
    throw error;
  });
  if (!answer) return null;
  const body = answer.Body;
  if (!(body instanceof Readable)) throw new Error("The library gave no stream.");
  // It may fail before anybody reads; whoever reads then learns of it all the same.
  body.on("error", () => {});
  const length = answer.ContentLength;
  if (length === undefined || (!whole && !beginsAt(answer, start))) {
    body.destroy();
    throw new Failure(
      "STORAGE_UNAVAILABLE",
      `The storage ${service.place.shown} ${length === undefined ? "does not say how long" : "gave other bytes than were asked for of"} ${name}${length === undefined ? " is" : ""}.`,
      "Look at what stands between the server and this machine: it may change what passes.",
    );
  }
  return { body, position: start, stop: start + length, tag: answer.ETag };
}

const beginsAt = ({ ContentRange, ContentLength }: GetObjectCommandOutput, start: number) =>
  ContentRange === undefined ? start === 0 && ContentLength !== undefined : ContentRange.startsWith(`bytes ${start}-`);

const absent = (service: S3Service, name: string) =>
  new Failure(
    "NOT_FOUND",
    `The storage ${service.place.shown} does not hold ${name}.`,
    "It was removed, or the backup belongs to another storage.",
  );

const changed = (service: S3Service, name: string) =>
  new Failure(
    "STORAGE_UNAVAILABLE",
    `The storage ${service.place.shown} holds another ${name} than when its reading began.`,
    "Somebody else writes to this storage. Read it anew.",
    { reason: "OBJECT_CHANGED" },
  );

async function* pieces(service: S3Service, name: string, opened: Opened, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let current: Opened | null = opened;
  let { position } = opened;
  const { stop, tag } = opened;
  const cut = () => Object.assign(new Error("The stream ended early."), { code: "ECONNRESET" });
  for (let breaks = 0; position < stop; ) {
    try {
      current ??= await rest(service, name, { position, stop, tag }, signal);
      for await (const chunk of abortable<Uint8Array>(current.body, signal)) {
        if (chunk.length === 0) continue;
        breaks = 0;
        position += chunk.length;
        yield chunk;
      }
      if (position < stop) throw cut();
    } catch (error) {
      signal.throwIfAborted();
      current = null;
      breaks += 1;
      if (breaks >= breaksInARow || !mayPass(error)) throw explained(error, service.place);
    }
  }
}

async function rest(
  service: S3Service,
  name: string,
  { position, stop, tag }: { position: number; stop: number; tag: string | undefined },
  signal: AbortSignal,
): Promise<Opened> {
  const ask = { signal, endless: true };
  const opened = await service.repeat(
    (options) => open(service, name, { start: position, end: stop - 1, whole: false, tag }, options),
    ask,
  );
  if (!opened) throw changed(service, name);
  return opened;
}
