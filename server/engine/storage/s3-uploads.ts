import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { Failure } from "../../domain/errors.ts";
import { explained, statusOf } from "./s3-errors.ts";
import type { S3Service } from "./s3-service.ts";

/** Takes away what unfinished uploads have left at the server, of keys that begin with `prefix` and are `wanted`. */
export async function abortUploads(service: S3Service, prefix: string, wanted: (key: string) => boolean = () => true): Promise<void> {
  const Bucket = service.place.bucket;
  for await (const { Key, UploadId } of uploads(service, prefix)) {
    if (!Key || !UploadId || !wanted(Key)) continue;
    try {
      await service.repeat((options) => service.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), options));
    } catch (error) {
      // Finished or aborted meanwhile.
      if (statusOf(error) !== 404) throw explained(error, service.place);
    }
  }
}

async function* uploads(service: S3Service, Prefix: string) {
  let from: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const command = new ListMultipartUploadsCommand({ Bucket: service.place.bucket, ...(Prefix ? { Prefix } : {}), ...from });
    const page = await service
      .repeat((options) => service.client.send(command, options))
      .catch((error: unknown) => {
        // A server that cannot list them takes them away by itself, or by its own tools.
        if (statusOf(error) === 501) return null;
        throw explained(error, service.place);
      });
    if (!page) return;
    yield* page.Uploads ?? [];
    if (!page.IsTruncated) return;
    const next = { KeyMarker: page.NextKeyMarker ?? "", UploadIdMarker: page.NextUploadIdMarker ?? "" };
    if (!next.KeyMarker || (next.KeyMarker === from.KeyMarker && next.UploadIdMarker === from.UploadIdMarker))
      throw new Failure(
        "STORAGE_UNAVAILABLE",
        `The storage ${service.place.shown} does not go on with its list.`,
        "Look at the server's log.",
      );
    from = next;
  }
}
