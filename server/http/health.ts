import { setTimeout as sleep } from "node:timers/promises";
import { Router } from "express";
import type { ReadinessPart } from "../services/readiness.ts";

/** A part that does not answer by then is not ready. */
const longestMilliseconds = 2_000;
/** A look costs a write on the storage, and anybody may ask. */
const freshMilliseconds = 2_000;

/**
 * GET /healthz: the process answers. GET /readyz: it can work, or which parts cannot. Both say nothing that needs a credential;
 * why a part is not ready goes to `tell`, once each time that it changes.
 */
export function serveHealth(parts: readonly ReadinessPart[], tell: (part: string, problem: unknown) => void): Router {
  const router = Router();
  const told = new Set<string>();
  let last: { readonly at: number; readonly missing: Promise<readonly string[]> } | null = null;

  async function look(): Promise<readonly string[]> {
    const found = await Promise.all(parts.map(async ({ part, look }) => ({ part, problem: await problemOf(look) })));
    for (const { part, problem } of found)
      if (problem === null) told.delete(part);
      else if (!told.has(part)) {
        told.add(part);
        tell(part, problem);
      }
    return found.flatMap(({ part, problem }) => (problem === null ? [] : [part]));
  }

  router.get("/healthz", (_req, res) => {
    res.set("cache-control", "no-store").json({ ok: true });
  });
  router.get("/readyz", async (_req, res) => {
    const at = performance.now();
    if (!last || at - last.at > freshMilliseconds) last = { at, missing: look() };
    const notReady = await last.missing;
    res
      .status(notReady.length === 0 ? 200 : 503)
      .set("cache-control", "no-store")
      .json({ ok: notReady.length === 0, notReady });
  });
  return router;
}

async function problemOf(look: () => Promise<unknown>): Promise<unknown> {
  const over = new AbortController();
  try {
    const late = sleep(longestMilliseconds, undefined, { signal: over.signal, ref: false }).then(() => {
      throw new Error(`No answer within ${longestMilliseconds / 1000} seconds.`);
    });
    late.catch(() => {});
    await Promise.race([look(), late]);
    return null;
  } catch (error) {
    return error ?? new Error("It failed without saying why.");
  } finally {
    over.abort();
  }
}
