import { pipeline } from "node:stream/promises";
import { create as contentDisposition } from "content-disposition";
import { type Request, type RequestHandler, type Response, Router } from "express";
import { Failure } from "../domain/errors.ts";
import type { DownloadBody, Downloads } from "../services/downloads.ts";
import { type Span, singleRange } from "./range.ts";
import { refusals, sendFailure } from "./refusals.ts";

interface Options {
  /** A client that takes no byte for so long is let go of. */
  readonly idleMilliseconds?: number;
}

const usualIdle = 60_000;
/** Seconds after which it is worth while to try again where too many read. */
const busySeconds = 10;

/** GET /downloads/TOKEN/NAME: the links that createDownload gives; whole or one range, resumable, streamed. */
export function serveDownloads(downloads: Downloads, { idleMilliseconds = usualIdle }: Options = {}): Router {
  const router = Router();
  router.get("/downloads/:token/:name", async (req, res) => {
    const { token, name } = req.params;
    const link = await downloads.open(token, name);
    if (!link) throw gone();
    if (req.method === "HEAD") {
      answerHead(req, res, await link.body());
      return;
    }
    const reading = await link.begin().catch((error: unknown) => refuseBusy(res, error));
    if (reading === "refused") return;
    if (!reading) throw gone();
    await using _ = reading;
    await send(req, res, await link.body(), reading.signal, idleMilliseconds);
  });
  router.use("/downloads", missing, refusals);
  return router;
}

const missing: RequestHandler = (_req, _res, next) => next(gone());

const gone = () => new Failure("NOT_FOUND", "This download link does not work (any more).", "Make a new one: a link works for an hour.");

/** Answers that too many read: 429 where it is this link alone, else 503. */
function refuseBusy(res: Response, error: unknown): "refused" {
  if (!(error instanceof Failure) || (error.reason !== "LINK_BUSY" && error.reason !== "DOWNLOADS_BUSY")) throw error;
  res.set("retry-after", String(busySeconds));
  sendFailure(res, error, error.reason === "LINK_BUSY" ? 429 : 503);
  return "refused";
}

/** Says what is to come; the bytes to send, or null where none are. */
function answerHead(req: Request, res: Response, body: DownloadBody): Span | null {
  res.set({
    "accept-ranges": "bytes",
    "cache-control": "private, no-store",
    "content-disposition": contentDisposition(body.filename),
    "content-type": "application/octet-stream",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    etag: body.etag,
  });
  const range = rangeOf(req, body);
  if (range === "unsatisfiable") {
    res.status(416).set("content-range", `bytes */${body.size}`).end();
    return null;
  }
  const span = range ?? { start: 0, end: body.size - 1 };
  if (range) res.status(206).set("content-range", `bytes ${span.start}-${span.end}/${body.size}`);
  res.set("content-length", String(span.end - span.start + 1));
  if (req.method !== "HEAD" && body.size > 0) return span;
  res.end();
  return null;
}

async function send(req: Request, res: Response, body: DownloadBody, revoked: AbortSignal, idleMilliseconds: number): Promise<void> {
  const span = answerHead(req, res, body);
  if (!span) return;
  const left = new AbortController();
  const letGo = () => res.destroy();
  res.once("close", () => left.abort(new Failure("CANCELLED", "The client went away.")));
  // Node takes a socket for idle only when nothing of what it was given has left it, so slow clients are not.
  res.setTimeout(idleMilliseconds, letGo);
  revoked.addEventListener("abort", letGo, { once: true });
  if (revoked.aborted) letGo();
  try {
    const bytes = await body.read(span.start, span.end, left.signal);
    if (res.destroyed) bytes.destroy();
    else await pipeline(bytes, res);
  } catch (error) {
    // A client that goes away is its own business; the pipeline has closed the files by now.
    if (!res.destroyed || !left.signal.aborted) throw error;
  }
}

/** The range that was asked for; of another version (If-Range) it is the whole. */
function rangeOf(req: Request, { size, etag }: DownloadBody): Span | "unsatisfiable" | null {
  const { range, "if-range": ifRange } = req.headers;
  return !range || (ifRange !== undefined && ifRange !== etag) ? null : singleRange(range, size);
}
