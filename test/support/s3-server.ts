import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import type { S3StorageConfig } from "../../server/domain/storage.ts";

export const s3Keys = { accessKeyId: "test:tester", secretAccessKey: "testing" } as const;

export type S3Server = Awaited<ReturnType<typeof s3Server>>;

/**
 * An S3 server that others wrote, OpenStack's Swift, as a process on loopback. `url` takes conditional writes; `simpleUrl` refuses them, as
 * Swift does by itself. `stop` ends it and takes its files away.
 */
export async function s3Server() {
  const child = spawn("/usr/bin/python3", [resolve("test/support/s3-server.py")], { stdio: ["pipe", "pipe", "pipe"] });
  const lines = linesOf(child);
  const [port = 0, simplePort = 0] = (await lines()).split(" ").map(Number);
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
    simpleUrl: `http://127.0.0.1:${simplePort}`,
    client,
    /** A bucket of its own, and how it is reached: straight, or through what stands in front. */
    async bucket(endpoint: string = url): Promise<S3StorageConfig> {
      buckets += 1;
      const bucket = `bucket-${buckets}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return { bucket, prefix: "", region: "us-east-1", endpoint, accessKeyId: s3Keys.accessKeyId, forcePathStyle: true };
    },
    /** Enters names into the server's own list of a bucket: there is no object behind them, but a thousand are there at once. */
    async fill({ bucket }: Pick<S3StorageConfig, "bucket">, names: readonly string[]) {
      child.stdin?.write(`${JSON.stringify([bucket, names])}\n`);
      await lines();
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
    },
  };
}

/** What the server says, line by line; where it ends instead, an error with its last words. */
function linesOf(child: ChildProcess) {
  const said: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => {
    said.push(chunk.toString());
    said.splice(0, said.length - 20);
  });
  if (!child.stdout) throw new Error("It has no output.");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`The S3 server has ended: ${said.join("")}`);
    return value;
  };
}
