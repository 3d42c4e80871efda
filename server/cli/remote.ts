import { open } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient } from "graphql-ws";
import WebSocket from "ws";
import { type ErrorCode, errorCodes } from "../../shared/codes.ts";
import { badInput, Failure, messageOf } from "../domain/errors.ts";
import { createUploadDocument, uploadDocument } from "./documents/uploads.ts";
import type { Holdfast, Variables } from "./holdfast.ts";
import { sendUpload } from "./sending.ts";

export interface RemoteDependencies {
  readonly url: URL;
  readonly token: string;
  readonly signal: AbortSignal;
  /** A sentence on standard error. */
  readonly say: (line: string) => void;
}

/** Milliseconds that one request may take. */
const patience = 120_000;

/** Another machine's Holdfast, by its API. What a command begins is performed over there, and goes on when the connection is lost. */
export function remoteHoldfast({ url, token, signal, say }: RemoteDependencies): Holdfast {
  const authorization = `Bearer ${token}`;
  let sockets: Client | null = null;

  async function ask<T>(document: string, variables: Variables = {}): Promise<T> {
    // What cleans up after an interruption is asked all the same.
    const answer = await fetch(at(url, "graphql"), {
      method: "POST",
      redirect: "manual",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ query: document, variables }),
      signal: AbortSignal.timeout(patience),
    }).catch((cause: unknown) => {
      throw unreachable(url, cause);
    });
    return dataOf<T>(url, answer);
  }

  const stream = () =>
    (sockets ??= createClient({
      url: at(url, "graphql").replace(/^http/, "ws"),
      webSocketImpl: WebSocket,
      connectionParams: { authorization },
      keepAlive: 10_000,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => !signal.aborted,
      retryWait: async (retries) => {
        if (retries === 0) say(`The connection to ${url.host} was lost; what was begun goes on there. Connecting again…`);
        await sleep(Math.min(500 * 2 ** retries, 10_000), undefined, { signal });
      },
      on: { connected: (_socket, _payload, wasRetry) => wasRetry && say(`Connected to ${url.host} again.`) },
    }));

  async function* events<T>(source: AsyncIterable<{ data?: T | null; errors?: readonly unknown[] }>) {
    try {
      for await (const { data, errors } of source) {
        if (errors?.[0]) throw failureOf(errors[0]);
        if (data) yield data;
      }
    } catch (error) {
      if (error instanceof Failure) throw error;
      if (isClosing(error) && error.code === 4401) throw unauthenticated(url);
      throw unreachable(url, error);
    }
  }

  return {
    ask,
    listen<T>(document: string, variables: Variables = {}) {
      const source = stream().iterate<T>({ query: document, variables });
      const generator = events<T>(source as AsyncIterable<{ data?: T | null; errors?: readonly unknown[] }>);
      return {
        next: () => generator.next(),
        async return() {
          // The generator itself could only be left at its next event.
          await source.return?.();
          await generator.return();
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
    perform: async () => {},

    async take(path, aborted) {
      const size = await sizeOf(path);
      const { createUpload } = await ask<{ createUpload: { id: string } }>(createUploadDocument, { filename: basename(path), size });
      await sendUpload({ path, size, url: at(url, `uploads/${createUpload.id}`), authorization, signal: aborted, say });
      for (;;) {
        const { upload } = await ask<{ upload: { state: string } | null }>(uploadDocument, { id: createUpload.id });
        if (upload?.state !== "RECEIVING" && upload?.state !== "INSPECTING") return createUpload.id;
        await sleep(500, undefined, { signal: aborted });
      }
    },

    own(what) {
      throw badInput(`${what} on the machine itself.`, `Run this command on ${url.host}, without --remote.`);
    },
    close: async () => sockets?.dispose(),
  };
}

/** An address below the one that was given, which may have a path of its own. */
const at = (url: URL, path: string) => new URL(path, url.href.endsWith("/") ? url.href : `${url.href}/`).href;

async function sizeOf(path: string): Promise<number> {
  await using file = await open(path).catch((cause: unknown) => {
    throw new Failure("BAD_USER_INPUT", `${path} cannot be read: ${messageOf(cause)}`, undefined, { cause });
  });
  const stat = await file.stat();
  if (!stat.isFile()) throw badInput(`${path} is not a file.`);
  return stat.size;
}

async function dataOf<T>(url: URL, answer: Response): Promise<T> {
  if (answer.status === 401) throw unauthenticated(url);
  if (answer.status >= 300 && answer.status < 400)
    throw badInput(
      `${url.host} sends us on to ${answer.headers.get("location") ?? "another address"}.`,
      "Give that address with --remote.",
    );
  const body = (await answer.json().catch(() => null)) as { data?: T; errors?: readonly unknown[] } | null;
  if (body?.errors?.[0]) {
    const failure = failureOf(body.errors[0]);
    throw failure.code === "UNAUTHENTICATED" ? unauthenticated(url) : failure;
  }
  if (!body?.data)
    throw new Failure("INTERNAL", `${url.href} answers, but not as a Holdfast does (status ${answer.status}).`, "Is this its address?");
  return body.data;
}

function failureOf(error: unknown): Failure {
  const { message, extensions } = error as { message?: string; extensions?: { code?: string; hint?: string; reason?: string } };
  const code: ErrorCode = errorCodes.find((known) => known === extensions?.code) ?? "INTERNAL";
  return new Failure(code, message ?? "It failed.", extensions?.hint, extensions?.reason ? { reason: extensions.reason } : {});
}

const isClosing = (error: unknown): error is { readonly code: number } => typeof error === "object" && error !== null && "code" in error;

const unauthenticated = (url: URL) =>
  new Failure(
    "UNAUTHENTICATED",
    `${url.host} does not know this token, or not any more.`,
    "Make one there with `npx holdfast create-token --name …`, put it alone into a file, and name the file with --token-file.",
  );

const unreachable = (url: URL, cause: unknown) => {
  const reason = cause instanceof Error && cause.cause ? messageOf(cause.cause) : messageOf(cause);
  return new Failure(
    "INTERNAL",
    `${url.host} does not answer: ${reason || "the connection was refused"}.`,
    "Is it up, and is this its address?",
    {
      cause,
    },
  );
};
