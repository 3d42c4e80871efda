import { request } from "undici";
import { Failure, messageOf } from "../../domain/errors.ts";
import { checkEndpoint, type Endpoints, guardedAgent } from "../endpoint.ts";
import { lasting, type Outcome, passing, sent } from "./outcome.ts";
import { printable } from "./said.ts";

/** Where HTTP may go, and how long one try may take as a whole. */
export interface Wire extends Endpoints {
  readonly wholeMilliseconds?: number;
  /** Aborts when nobody wants the answer any more; then `post` throws. */
  readonly signal: AbortSignal;
}

export interface Post {
  readonly url: string;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What may never be shown, should the other side repeat it. */
  readonly secrets: readonly string[];
  /** Finds a sentence for a person in the beginning of what the other side answered; without it nothing of it is shown. */
  readonly explain?: (answer: string) => string | null;
}

const answerLimit = 4096;
/** More is not waited for at the other side's wish. */
const longestWaitSeconds = 6 * 60 * 60;

/** Posts once over a guarded connection, follows no redirect, and says what became of it. Throws only when `signal` aborts. */
export async function post(
  { url, body, contentType = "application/json", headers = {}, secrets, explain }: Post,
  wire: Wire,
): Promise<Outcome> {
  const whole = AbortSignal.timeout(wire.wholeMilliseconds ?? 15_000);
  const agent = guardedAgent(wire);
  try {
    const response = await request(checkEndpoint(url, wire.allowed), {
      method: "POST",
      headers: { "user-agent": "Holdfast", "content-type": contentType, ...headers },
      body,
      dispatcher: agent,
      signal: AbortSignal.any([whole, wire.signal]),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const { statusCode } = response;
    if (statusCode >= 200 && statusCode < 300) {
      response.body.on("error", () => {}).destroy();
      return sent;
    }
    const answer = explain ? await beginningOf(response.body).catch(() => "") : "";
    response.body.on("error", () => {}).destroy();
    return refusedBy(statusCode, printable(explain?.(answer) ?? "", secrets), retryAfterOf(response.headers["retry-after"]));
  } catch (error) {
    wire.signal.throwIfAborted();
    if (error instanceof Failure) return lasting(error.message, error.hint ?? null);
    if (whole.aborted) return passing("It gave no answer in time.", "Check that the service is up.");
    return unreachable(error, secrets);
  } finally {
    await agent.destroy();
  }
}

/** The first bytes of an answer that may never end. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= answerLimit) break;
  }
  return Buffer.concat(chunks).subarray(0, answerLimit).toString("utf8");
}

function refusedBy(status: number, said: string, retryAfterSeconds: number | null): Outcome {
  const answered = `It answered ${status}${said ? `: ${said}` : ""}.`;
  if (status >= 300 && status < 400)
    return lasting(`It answered ${status}, a redirect, which is not followed.`, "Enter the address that it redirects to.");
  const permanent = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return { ok: false, message: answered, hint: hints[status] ?? null, permanent, retryAfterSeconds };
}

const hints: Readonly<Record<number, string>> = {
  401: "Check the token or the address.",
  403: "Check the token or the address: it may have been revoked.",
  404: "Check the address: it may have been removed at the other side.",
  410: "The other side has removed this address. Make a new one there.",
  429: "It takes no more for now; it is tried again later.",
};

function unreachable(error: unknown, secrets: readonly string[]): Outcome {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const cause = error instanceof Error && error.cause instanceof Failure ? error.cause : null;
  if (cause) return lasting(cause.message, cause.hint ?? null);
  return passing(
    `It could not be reached: ${reasons[code] ?? printable(messageOf(error), secrets)}.`,
    "Check the address, and that this machine may connect to it.",
  );
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was closed",
  UND_ERR_SOCKET: "the connection was closed",
  UND_ERR_CONNECT_TIMEOUT: "no connection in time",
  ENOTFOUND: "the host name is unknown",
  EAI_AGAIN: "the host name could not be looked up",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is self-signed",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate could not be verified",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate names another host",
};

/** Seconds, or a date; null for anything else. */
function retryAfterOf(header: string | string[] | undefined): number | null {
  const text = Array.isArray(header) ? header[0] : header;
  if (!text) return null;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, longestWaitSeconds) : null;
}
