import type { Manifest } from "../../server/domain/manifest.ts";
import type { BackupPlan } from "../../server/engine/backup.ts";

type About = BackupPlan["about"];

/** What a backup says of itself before anything of it is read; what matters to the caller is given. */
export const aboutBackup = (own: Partial<About> = {}): About => ({
  generator: "holdfast test",
  id: "0a1b2c3d-0000-4000-8000-000000000000",
  name: "A backup",
  description: null,
  type: "DATABASE",
  trigger: "MANUAL",
  source: { id: "shop", name: "Shop", slug: "shop", database: null, mediaPaths: [], excludePatterns: [] },
  schedule: null,
  actor: null,
  compression: "ZSTD",
  excludeLogs: true,
  createdAt: "2026-11-22T03:00:00.000Z",
  ...own,
});

/** A manifest of no artifacts; what matters to the caller is given. */
export const manifestWith = (own: Partial<Manifest> = {}): Manifest => ({
  format: 1,
  ...aboutBackup(),
  folder: null,
  encrypted: false,
  encryption: null,
  startedAt: "2026-11-22T03:00:00.000Z",
  finishedAt: "2026-11-22T03:00:01.000Z",
  artifacts: [],
  database: null,
  media: null,
  restoreCommands: [],
  authentication: null,
  ...own,
});
