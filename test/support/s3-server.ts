import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import type { S3StorageConfig } from "../../server/domain/storage.ts";

export const s3Keys = { accessKeyId: "test:tester", secretAccessKey: "testing" } as const;

export type S3Server = Awaited<ReturnType<typeof s3Server>>;

/**
 * An S3 server that others wrote, OpenStack's Swift, as a process on loopback. It knows no conditional writes, as many do not. `stop` ends
 * it and takes its files away.
 */
export async function s3Server() {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-s3-"));
  const child = spawn("/usr/bin/python3", [resolve("test/support/s3-server.py"), folder], { stdio: ["pipe", "pipe", "pipe"] });
  const port = await portOf(child);
  const url = `http://127.0.0.1:${port}`;
  const client = new S3Client({
    region: "us-east-1",
    endpoint: url,
    forcePathStyle: true,
    credentials: s3Keys,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  let buckets = 0;
  return {
    port,
    url,
    client,
    /** A bucket of its own, and how it is reached: straight, or through what stands in front. */
    async bucket(endpoint: string = url): Promise<S3StorageConfig> {
      buckets += 1;
      const bucket = `bucket-${buckets}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return { bucket, prefix: "", region: "us-east-1", endpoint, accessKeyId: s3Keys.accessKeyId, forcePathStyle: true };
    },
    /** What the server holds: its objects, and the uploads that nobody has finished. */
    async held({ bucket }: Pick<S3StorageConfig, "bucket">) {
      const objects = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return { objects: (objects.Contents ?? []).map(({ Key }) => Key), uploads: (uploads.Uploads ?? []).map(({ Key }) => Key) };
    },
    async stop() {
      client.destroy();
      child.stdin?.end();
      if (child.exitCode === null) await once(child, "exit");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The port that it says it listens on, or an error with what it said instead. */
async function portOf(child: ChildProcess): Promise<number> {
  const said: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => {
    said.push(chunk.toString());
    said.splice(0, said.length - 20);
  });
  if (!child.stdout) throw new Error("It has no output.");
  for await (const line of createInterface(child.stdout)) return Number(line);
  throw new Error(`The S3 server did not start: ${said.join("")}`);
}
