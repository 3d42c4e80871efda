import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { create as contentDisposition } from "content-disposition";
import { type Request, type RequestHandler, type Response, Router } from "express";
import { Failure } from "../domain/errors.ts";
import type { DownloadBody, RangedBody } from "../services/download-bodies.ts";
import type { Downloads, OpenLink } from "../services/downloads.ts";
import { type Span, singleRange } from "./range.ts";
import { refusals, sendFailure } from "./refusals.ts";

interface Options {
  /** A client that takes no byte for so long is let go of. */
  readonly idleMilliseconds?: number;
}

const usualIdle = 60_000;
/** Seconds after which it is worth while to try again where too many read. */
const busySeconds = 10;

/** GET /downloads/TOKEN/NAME: the links that createDownload gives; whole or one range, resumable, streamed. An archive that is made on the way is sent whole alone. */
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
    await send(req, res, link, reading.signal, idleMilliseconds);
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

type Opening = (signal: AbortSignal) => Promise<Readable> | Readable;

/** Says what is to come; what opens the bytes to send, or null where none are. */
function answerHead(req: Request, res: Response, body: DownloadBody): Opening | null {
  res.set({
    "cache-control": "private, no-store",
    "content-disposition": contentDisposition(body.filename),
    "content-type": "application/octet-stream",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
  if (body.size !== null) return answerRange(req, res, body);
  res.set("accept-ranges", "none");
  if (req.method !== "HEAD") return body.stream;
  res.end();
  return null;
}

function answerRange(req: Request, res: Response, body: RangedBody): Opening | null {
  res.set({ "accept-ranges": "bytes", etag: body.etag });
  const range = rangeOf(req, body);
  if (range === "unsatisfiable") {
    res.status(416).set("content-range", `bytes */${body.size}`).end();
    return null;
  }
  const span = range ?? { start: 0, end: body.size - 1 };
  if (range) res.status(206).set("content-range", `bytes ${span.start}-${span.end}/${body.size}`);
  res.set("content-length", String(span.end - span.start + 1));
  if (req.method !== "HEAD" && body.size > 0) return (signal) => body.read(span.start, span.end, signal);
  res.end();
  return null;
}

async function send(req: Request, res: Response, link: OpenLink, revoked: AbortSignal, idleMilliseconds: number): Promise<void> {
  const body = await link.body();
  const opening = answerHead(req, res, body);
  if (!opening) return;
  const left = new AbortController();
  const letGo = () => res.destroy();
  res.once("close", () => left.abort(new Failure("CANCELLED", "The client went away.")));
  // Node takes a socket for idle only when nothing of what it was given has left it, so slow clients are not; neither is one that
  // took all that there is so far of an archive in the making.
  res.setTimeout(idleMilliseconds, () => (body.size !== null || res.writableLength > 0) && letGo());
  revoked.addEventListener("abort", letGo, { once: true });
  if (revoked.aborted) letGo();
  let broken: unknown = null;
  try {
    const bytes = await opening(left.signal);
    bytes.once("error", (error) => {
      // A client that goes away is its own business; the pipeline closes the files.
      if (res.destroyed) return;
      broken = error;
      // Where the size was not told, a mere end could be taken for that of the file.
      req.socket.resetAndDestroy();
    });
    if (res.destroyed) bytes.destroy();
    else await pipeline(bytes, res);
  } catch (error) {
    if (broken !== null) link.broke(broken);
    else if (!res.destroyed) throw error;
  }
}

/** The range that was asked for; of another version (If-Range) it is the whole. */
function rangeOf(req: Request, { size, etag }: RangedBody): Span | "unsatisfiable" | null {
  const { range, "if-range": ifRange } = req.headers;
  return !range || (ifRange !== undefined && ifRange !== etag) ? null : singleRange(range, size);
}
