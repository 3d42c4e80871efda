import { setTimeout as wait } from "node:timers/promises";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { S3StorageConfig } from "../../domain/storage.ts";
import type { Resolve } from "../endpoint.ts";
import { explained, mayPass, type S3Place } from "./s3-errors.ts";
import { evenParts, growingParts, type PartSizesFor } from "./s3-parts.ts";
import { type S3Patience, s3Wire } from "./s3-wire.ts";

export interface S3Options extends Partial<S3Patience> {
  /** Hosts, addresses and networks that are not public and may be connected to all the same. */
  readonly allowed: readonly string[];
  readonly resolve?: Resolve;
  readonly now?: () => Date;
  /** Of what a put does, each step is tried so often, with waits that grow from this one. */
  readonly tries?: number;
  readonly firstWaitMilliseconds?: number;
  readonly partSizes?: PartSizesFor;
}

/** How one request is made. */
export interface Ask {
  readonly signal?: AbortSignal;
  /** How many bytes go out with it; they set how long it may take. */
  readonly bytes?: number;
  /** A stream is read at its reader's pace: then only its beginning is waited for. */
  readonly endless?: boolean;
}

/** One bucket of one server, and how it is asked. */
export interface S3Service {
  readonly client: S3Client;
  readonly place: S3Place;
  readonly prefix: string;
  readonly partSizes: PartSizesFor;
  /** False once the server has said that it knows no conditional writes. */
  conditional: boolean;
  /** The SHA-256 of bodies, where it is known already: the library would read them all once more, at one go. */
  readonly hashes: WeakMap<object, string>;
  /** The key of a name. */
  key(name: string): string;
  /** Asks once. What fails becomes a Failure in words, except that `signal`'s own reason stays as it is. */
  once<T>(request: (options: { abortSignal: AbortSignal }) => Promise<T>, ask?: Ask): Promise<T>;
  /** Asks until it is answered, where asking again may help. The error is the library's own: who asks knows what it means. */
  repeat<T>(request: (options: { abortSignal: AbortSignal }) => Promise<T>, ask?: Ask): Promise<T>;
  /** The same, which repeats nothing: for what is tried again as a whole, so that the waits are not multiplied. */
  readonly hasty: S3Service;
}

const longestWaitMilliseconds = 15_000;

export function s3Service(config: S3StorageConfig, secretAccessKey: string, options: S3Options): S3Service {
  const { idleMilliseconds = 120_000, completeMilliseconds = 300_000, slowestBytesPerSecond = 16 * 1024 } = options;
  const { tries = 5, firstWaitMilliseconds = 250, now = () => new Date() } = options;
  const endpoint = config.endpoint ?? amazon(config.region);
  const { allowed, resolve } = options;
  const requestHandler = s3Wire(
    { allowed, ...(resolve ? { resolve } : {}), connectMilliseconds: 15_000 },
    { idleMilliseconds, completeMilliseconds, slowestBytesPerSecond },
  );
  const place: S3Place = {
    shown: `s3://${config.bucket}${config.prefix && `/${config.prefix}`}${config.endpoint ? ` at ${config.endpoint}` : ""}`,
    bucket: config.bucket,
    region: config.region,
    secrets: [secretAccessKey],
    now,
  };

  async function attempt<T>(
    request: (options: { abortSignal: AbortSignal }) => Promise<T>,
    { signal, bytes = 0, endless }: Ask,
  ): Promise<T> {
    signal?.throwIfAborted();
    const most = Math.ceil(completeMilliseconds + (bytes / slowestBytesPerSecond) * 1000);
    const deadline = endless ? undefined : AbortSignal.timeout(most);
    const signals = [deadline, signal].filter((each) => each !== undefined);
    try {
      return await request({ abortSignal: AbortSignal.any(signals) });
    } catch (error) {
      signal?.throwIfAborted();
      // The library may have words of its own for it.
      if (deadline?.aborted) throw deadline.reason;
      throw error;
    }
  }

  const hashes = new WeakMap<object, string>();
  const service: Omit<S3Service, "hasty"> = {
    client: withHashes(new S3Client(clientConfig(config, endpoint, secretAccessKey, requestHandler)), hashes),
    hashes,
    place,
    prefix: config.prefix && `${config.prefix}/`,
    partSizes: options.partSizes ?? (endpoint.endsWith(".r2.cloudflarestorage.com") ? evenParts : growingParts),
    conditional: true,
    key: (name) => `${config.prefix && `${config.prefix}/`}${name}`,

    async once(request, ask = {}) {
      try {
        return await attempt(request, ask);
      } catch (error) {
        if (ask.signal?.aborted) throw error;
        throw explained(error, place);
      }
    },

    async repeat(request, ask = {}) {
      for (let number = 1; ; number += 1) {
        try {
          return await attempt(request, ask);
        } catch (error) {
          if (ask.signal?.aborted || number >= tries || !mayPass(error)) throw error;
        }
        // Doubled each time, and by chance up to twice that: many that failed together do not come back together.
        const pause = Math.min(longestWaitMilliseconds, firstWaitMilliseconds * 2 ** (number - 1)) * (1 + Math.random());
        await wait(pause, undefined, ask.signal ? { signal: ask.signal } : {}).catch(() => ask.signal?.throwIfAborted());
      }
    },
  };
  const repeat: S3Service["repeat"] = (request, ask = {}) => attempt(request, ask);
  const hasty: S3Service = {
    ...service,
    repeat,
    // What the one learns of the server, the other knows.
    get conditional() {
      return service.conditional;
    },
    set conditional(known) {
      service.conditional = known;
    },
    get hasty() {
      return hasty;
    },
  };
  return Object.assign(service, { hasty });
}

/** Signs a body with the hash that is known of it. */
function withHashes(client: S3Client, hashes: WeakMap<object, string>): S3Client {
  client.middlewareStack.add(
    (next) => (args) => {
      const { body, headers } = args.request as { body?: unknown; headers: Record<string, string> };
      const hash = typeof body === "object" && body ? hashes.get(body) : undefined;
      if (hash) headers["x-amz-content-sha256"] = hash;
      return next(args);
    },
    { step: "build", name: "knownHashes" },
  );
  return client;
}

const clientConfig = (
  { region, accessKeyId, forcePathStyle }: S3StorageConfig,
  endpoint: string,
  secretAccessKey: string,
  requestHandler: NonNullable<S3ClientConfig["requestHandler"]>,
): S3ClientConfig => ({
  region,
  endpoint,
  forcePathStyle,
  credentials: { accessKeyId, secretAccessKey },
  requestHandler,
  // What is asked again is decided here.
  maxAttempts: 1,
  // The newer checksums come in a framing that many servers do not know. Each body is proved by the SHA-256 in the signature and by its MD5.
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
  expectContinueHeader: false,
  followRegionRedirects: false,
  // Set here, so that neither the environment nor a file in the home folder has a say.
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  useArnRegion: false,
  disableS3ExpressSessionAuth: true,
  disableMultiregionAccessPoints: true,
});

/** Named here, and not left to the library, which would take another one from the environment. */
const amazon = (region: string) => `https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
