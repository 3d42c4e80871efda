import { once } from "node:events";
import { request as ask, createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";

export type S3Call =
  | "AbortUpload"
  | "BeginUpload"
  | "CompleteUpload"
  | "Delete"
  | "Get"
  | "Head"
  | "HeadBucket"
  | "List"
  | "ListUploads"
  | "Put"
  | "PutPart";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Sends the request on, as it is, and gives the whole answer. */
  forward(): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export type Fault = (exchange: Exchange) => void | Promise<void>;

export type S3Front = Awaited<ReturnType<typeof s3Front>>;

/** Stands in front of an S3 server and does what its script says; all else it passes on, with the Host that it was asked for. */
export async function s3Front(port: number) {
  const script: { readonly call: S3Call; readonly fault: Fault; times: number }[] = [];
  const seen: { readonly call: S3Call; readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  const server = createServer(async (request, response) => {
    const call = callOf(request);
    seen.push({ call, path: request.url ?? "", headers: request.headers });
    const next = script.find((each) => each.call === call && each.times > 0);
    if (next) next.times -= 1;
    const exchange = { request, response, forward: () => forward(port, request) };
    await (next?.fault ?? passes)(exchange);
  });
  // Whoever asks may hang up; that is no failure of the one in front.
  server.on("connection", (socket) => socket.on("error", () => {}));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const own = (server.address() as AddressInfo).port;
  return {
    port: own,
    url: `http://127.0.0.1:${own}`,
    seen,
    calls: (call: S3Call) => seen.filter((each) => each.call === call),
    /** From now on: the next calls of this kind go so, as many as are given. */
    next(call: S3Call, fault: Fault, times = 1) {
      script.push({ call, fault, times });
    },
    /** Ends the script; what was seen is forgotten. */
    calm() {
      script.length = 0;
      seen.length = 0;
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function callOf({ method, url = "", headers }: IncomingMessage): S3Call {
  const { pathname, searchParams } = new URL(url, "http://front");
  const ofObject = pathname.split("/").filter(Boolean).length > (headers.host?.includes("s3.test") ? 0 : 1);
  const upload = searchParams.has("uploadId");
  switch (method) {
    case "HEAD":
      return ofObject ? "Head" : "HeadBucket";
    case "PUT":
      return upload ? "PutPart" : "Put";
    case "POST":
      return upload ? "CompleteUpload" : "BeginUpload";
    case "DELETE":
      return upload ? "AbortUpload" : "Delete";
    default:
      return ofObject ? "Get" : searchParams.has("uploads") ? "ListUploads" : "List";
  }
}

async function forward(port: number, request: IncomingMessage, body?: Buffer): Promise<Answer> {
  const whole = body ?? (await buffer(request));
  const onward = ask({ host: "127.0.0.1", port, method: request.method, path: request.url, headers: request.headers });
  // Swift gives some refusals of a HEAD a body, which comes after the end of the answer and is nobody's.
  onward.on("error", () => {});
  onward.end(whole);
  const [answer] = (await once(onward, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await buffer(answer) };
}

function give(response: ServerResponse, { status, headers, body }: Answer) {
  response.writeHead(status, headers).end(body);
}

const passes: Fault = async ({ response, forward }) => {
  // Hung up in the middle of the body: there is nobody to answer.
  const answer = await forward().catch(() => null);
  if (answer) give(response, answer);
};

/** Answers by itself; the server hears nothing of it. */
export const refuses =
  (status: number, code: string, { message = "No.", headers = {} }: { message?: string; headers?: Record<string, string> } = {}): Fault =>
  async ({ request, response }) => {
    await buffer(request).catch(() => {});
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    response.writeHead(status, { "content-type": "application/xml", ...headers }).end(request.method === "HEAD" ? undefined : body);
  };

/** Cuts the connection in the middle of the body that it is sent. */
export const cutsRequest: Fault = async ({ request }) => {
  await once(request, "data");
  request.socket.destroy();
};

/** Lets the server do it all, and cuts the connection before the answer. */
export const losesAnswer: Fault = async ({ request, forward }) => {
  await forward();
  request.socket.destroy();
};

/** Gives the beginning of the answer's body, and cuts. */
export const cutsAnswerAfter =
  (bytes: number): Fault =>
  async ({ request, response, forward }) => {
    const { status, headers, body } = await forward();
    response.writeHead(status, headers);
    response.write(body.subarray(0, bytes), () => request.socket.destroy());
  };

/** Gives the beginning of the answer's body, and no more, but keeps the connection. */
export const stallsAnswerAfter =
  (bytes: number): Fault =>
  async ({ response, forward }) => {
    const { status, headers, body } = await forward();
    response.writeHead(status, headers);
    response.write(body.subarray(0, bytes));
  };

/** Takes nothing and says nothing. */
export const stalls: Fault = ({ request }) => void request.pause();

/** Takes so many bytes a second, and passes them on if anybody waits that long. */
export const takesSlowly =
  (bytesPerSecond: number): Fault =>
  async ({ request }) => {
    request.pause();
    const socket = request.socket;
    while (!socket.destroyed) {
      request.read(Math.ceil(bytesPerSecond / 20));
      await wait(50);
    }
  };

/** Changes the answer on its way back. */
export const changes =
  (change: (answer: Answer) => Partial<Answer>): Fault =>
  async ({ response, forward }) => {
    const answer = await forward();
    give(response, { ...answer, ...change(answer) });
  };
