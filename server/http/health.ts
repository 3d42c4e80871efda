import { Router } from "express";

/** Whether each part that work needs is there; an empty list means ready. */
export type Readiness = () => Promise<readonly { readonly part: string; readonly problem: string }[]>;

/** GET /healthz: the process answers. GET /readyz: it can work, or which part cannot. Both say nothing that needs a credential. */
export function serveHealth(readiness: Readiness): Router {
  const router = Router();
  router.get("/healthz", (_req, res) => {
    res.set("cache-control", "no-store").json({ ok: true });
  });
  router.get("/readyz", async (_req, res) => {
    const problems = await readiness();
    res
      .status(problems.length === 0 ? 200 : 503)
      .set("cache-control", "no-store")
      .json({ ok: problems.length === 0, notReady: problems.map(({ part }) => part) });
  });
  return router;
}
