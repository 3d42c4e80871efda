import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll } from "vitest";
import { s3Storage } from "../../server/engine/storage/s3.ts";
import type { S3Options } from "../../server/engine/storage/s3-service.ts";
import { refuses, type S3Front, s3Front } from "./s3-faults.ts";
import { type S3Server, s3Keys, s3Server } from "./s3-server.ts";

export const partBytes = 256 * 1024;
export const quick: S3Options = { allowed: ["127.0.0.1"], firstWaitMilliseconds: 1, partSizes: () => () => partBytes };
export const impatient: S3Options = { ...quick, idleMilliseconds: 1000 };
export const still = () => ({ signal: new AbortController().signal });
export const small = Buffer.from("a manifest");
/** Three full parts and a bit. */
export const large = randomBytes(3 * partBytes + 1000);
export const chunksOf = (bytes: Buffer) =>
  Readable.from(Array.from({ length: Math.ceil(bytes.length / 100_000) }, (_, n) => bytes.subarray(n * 100_000, (n + 1) * 100_000)));
export const nothing = { objects: [], uploads: [] };

export const busy = refuses(503, "SlowDown");
export const broken = refuses(500, "InternalError");
export const tooMany = refuses(429, "TooManyRequests");

/** For one file of tests: an S3 server, and what stands in front of it and does what each test's script says. */
export function disturbedS3() {
  let [server, front]: [S3Server | undefined, S3Front | undefined] = [undefined, undefined];
  const ready = <T>(each: T | undefined): T => {
    if (!each) throw new Error("The server has not started yet.");
    return each;
  };
  beforeAll(async () => {
    server = await s3Server();
    front = await s3Front(server.port);
  });
  afterEach(() => front?.calm());
  afterAll(async () => {
    front?.stop();
    await server?.stop();
  });
  return {
    get server() {
      return ready(server);
    },
    get front() {
      return ready(front);
    },
    /** A bucket of its own that is reached through what stands in front. */
    async opened(options: S3Options = quick) {
      const config = await this.server.bucket(this.front.url);
      const storage = s3Storage(config, s3Keys, options);
      return {
        config,
        storage,
        put: (bytes: Buffer) => storage.put("a/b", chunksOf(bytes), still()),
        read: async () => buffer(await s3Storage({ ...config, endpoint: this.server.url }, s3Keys, quick).get("a/b")),
        held: () => this.server.held(config),
      };
    },
  };
}
