import { pipeline } from "node:stream/promises";
import { create as contentDisposition } from "content-disposition";
import { type Request, type Response, Router } from "express";
import parseRange from "range-parser";
import { Failure } from "../domain/errors.ts";
import type { DownloadBody, Downloads } from "../services/downloads.ts";
import { refusals } from "./refusals.ts";

/** GET /downloads/TOKEN/NAME: the links that createDownload gives; whole or one range, resumable, streamed. */
export function serveDownloads(downloads: Downloads): Router {
  const router = Router();
  router.get("/downloads/:token/:name", async (req, res) => {
    const body = await downloads.open(req.params.token);
    if (!body) throw new Failure("NOT_FOUND", "This download link does not work (any more).", "Make a new one: a link works for an hour.");
    await send(req, res, body);
  });
  router.use("/downloads", refusals);
  return router;
}

async function send(req: Request, res: Response, body: DownloadBody): Promise<void> {
  res.set({
    "accept-ranges": "bytes",
    "cache-control": "private, no-store",
    "content-disposition": contentDisposition(body.filename),
    "content-type": "application/octet-stream",
    "x-content-type-options": "nosniff",
    etag: body.etag,
  });
  const range = rangeOf(req, body);
  if (range === "unsatisfiable") {
    res.status(416).set("content-range", `bytes */${body.size}`).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: body.size - 1 };
  if (range) res.status(206).set("content-range", `bytes ${start}-${end}/${body.size}`);
  res.set("content-length", String(end - start + 1));
  if (req.method === "HEAD") {
    res.end();
    return;
  }
  try {
    await pipeline(await body.read(start, end), res);
  } catch (error) {
    // A client that goes away is its own business; the pipeline has closed the files by now.
    if (!res.destroyed) throw error;
  }
}

/** The one range that was asked for; several at once, or of another version (If-Range), are answered with the whole. */
function rangeOf(req: Request, { size, etag }: DownloadBody): { start: number; end: number } | "unsatisfiable" | null {
  const { range, "if-range": ifRange } = req.headers;
  if (!range || (ifRange !== undefined && ifRange !== etag)) return null;
  const ranges = parseRange(size, range);
  if (ranges === -1) return "unsatisfiable";
  return ranges === -2 || ranges.type !== "bytes" || ranges.length !== 1 ? null : (ranges[0] ?? null);
}
