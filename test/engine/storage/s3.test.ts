import { randomBytes } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import type { S3StorageConfig } from "../../../server/domain/storage.ts";
import { s3Storage } from "../../../server/engine/storage/s3.ts";
import { storageContract } from "../../contracts/storage.ts";
import { type S3Server, s3Keys, s3Server } from "../../support/s3-server.ts";

let server: S3Server;
let config: S3StorageConfig;
beforeAll(async () => {
  server = await s3Server();
  config = await server.bucket();
});
afterAll(() => server.stop());

const quick = { allowed: ["127.0.0.0/8"], firstWaitMilliseconds: 5, partSizes: () => () => 1024 * 1024 };

// All in one bucket, each below a prefix of its own.
storageContract("S3", async () => s3Storage({ ...config, prefix: `in/${randomBytes(4).toString("hex")}` }, s3Keys, quick));
