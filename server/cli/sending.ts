import { createReadStream } from "node:fs";
import { Upload } from "tus-js-client";
import { Failure } from "../domain/errors.ts";

interface Sending {
  readonly path: string;
  readonly size: number;
  /** The upload's own address. */
  readonly url: string;
  readonly authorization: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Sends a file by the tus protocol; goes on where it was when the connection is lost. */
export async function sendUpload({ path, size, url, authorization, signal, say }: Sending): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const upload = new Upload(createReadStream(path), {
    uploadUrl: url,
    uploadSize: size,
    headers: { authorization },
    retryDelays: [500, 1000, 2000, 5000, 10_000, 20_000],
    storeFingerprintForResuming: false,
    onShouldRetry(error) {
      const status = error.originalResponse?.getStatus() ?? 0;
      const again = status === 0 || status >= 500 || status === 409 || status === 423;
      if (again) say("The connection was lost while the file was sent; going on…");
      return again;
    },
    onError: (cause) => reject(new Failure("INTERNAL", `${path} could not be sent: ${cause.message.split("\n")[0]}`, undefined, { cause })),
    onSuccess: () => resolve(),
  });
  const leave = () => {
    void upload.abort().catch(() => {});
    reject(signal.reason);
  };
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  else upload.start();
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
