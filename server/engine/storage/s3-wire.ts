import { Readable } from "node:stream";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { type Endpoints, guardedAgent } from "../endpoint.ts";

/** How long a server may take. */
export interface S3Patience {
  /** Without any progress: while bytes go out, until the answer begins, and between its bytes. */
  readonly idleMilliseconds: number;
  /** Until a server has put the parts of a large file together; and for any answer, beside the time that the bytes take. */
  readonly completeMilliseconds: number;
  /** Below this a part is given up and sent again. */
  readonly slowestBytesPerSecond: number;
}

/** What the library hands over to be sent; the rest of it is of no interest here. */
interface Request {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** Bytes that are handed to the connection at once, so that a stall shows. */
const sliceBytes = 64 * 1024;

/**
 * Sends the library's requests over guarded connections: the decision falls on the address that is connected to, and a redirect is an
 * answer like any other. A body is handed over in slices, so that the idle time begins anew with each one that goes out.
 */
export function s3Wire(endpoints: Endpoints, patience: S3Patience): NonNullable<S3ClientConfig["requestHandler"]> {
  const agent = guardedAgent(endpoints);
  return {
    metadata: { handlerProtocol: "http/1.1" },
    async handle(request: Request, { abortSignal }: { abortSignal?: AbortSignal } = {}) {
      const body = typeof request.body === "string" ? Buffer.from(request.body) : (request.body ?? null);
      const isComplete = request.method === "POST" && "uploadId" in request.query;
      const answer = await agent.request({
        origin: `${request.protocol}//${request.hostname}${request.port ? `:${request.port}` : ""}`,
        method: request.method as "GET",
        path: request.path + queryOf(request.query),
        headers: request.headers,
        body: body && body.length > sliceBytes ? Readable.from(slices(body), { objectMode: false }) : body,
        headersTimeout: isComplete ? patience.completeMilliseconds : patience.idleMilliseconds,
        bodyTimeout: patience.idleMilliseconds,
        ...(abortSignal ? { signal: abortSignal } : {}),
      });
      return { response: { statusCode: answer.statusCode, headers: plain(answer.headers), body: answer.body } };
    },
    destroy: () => void agent.destroy(),
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}

async function* slices(body: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < body.length; offset += sliceBytes) yield body.subarray(offset, offset + sliceBytes);
}

function queryOf(query: Request["query"]): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => `${escaped(name)}=${one === null ? "" : escaped(one)}`),
  );
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
}

/** As the signature escapes it. */
const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const plain = (headers: Readonly<Record<string, string | string[] | undefined>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]));
