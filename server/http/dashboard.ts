import { existsSync } from "node:fs";
import { join } from "node:path";
import express, { Router } from "express";

/** The built dashboard: its files, and its page for every address that is nobody else's. */
export function serveDashboard(folder: string): Router {
  const router = Router();
  // Names of assets hold a hash of their content, so they may be kept for ever; the page itself may not.
  router.use("/assets", express.static(join(folder, "assets"), { immutable: true, maxAge: "1y", fallthrough: false }));
  router.use(express.static(folder, { index: false, maxAge: 0 }));
  router.get(/^\/(?!graphql|api\/|downloads\/|uploads\/)/, (_req, res) => {
    const page = join(folder, "index.html");
    if (!existsSync(page)) return void res.status(404).type("text").send("The dashboard is not built. Run `npm run build`.\n");
    res.set("cache-control", "no-cache").sendFile(page);
  });
  return router;
}
