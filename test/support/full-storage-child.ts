// Runs in a process of its own, in whose mounts a storage is a small disk: takes a backup onto two local storages. Its words: the two
// storages' folders, the media, a file for the answer.
import { writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { Failure } from "../../server/domain/errors.ts";
import { runBackup } from "../../server/engine/backup.ts";
import { localStorage } from "../../server/engine/storage/local.ts";
import { mirrored } from "../../server/engine/storage/mirrored.ts";
import { aboutBackup } from "./about.ts";

const [near = "", far = "", media = "", answer = ""] = process.argv.slice(2);
const storage = mirrored([
  { id: "near", name: "Near", storage: localStorage(near) },
  { id: "far", name: "Far", storage: localStorage(far) },
]);
const plan = {
  storage,
  folder: "shop/backup",
  packing: { compression: "ZSTD", level: 1 },
  database: null,
  media: { roots: [media], exclude: [] },
  about: aboutBackup({ type: "MEDIA" }),
  now: () => new Date(),
} as const;
const told = (error: unknown) => (error instanceof Failure ? error.code : String(error));
const work = { signal: new AbortController().signal, say: () => {}, report: () => {} };
const end = await runBackup(plan, work).then(() => "DONE", told);
const outcomes = (await storage.outcomes()).map(({ name, failure }) => [name, failure && told(failure), failure?.message ?? null]);
const all = async (root: string) => (await readdir(root, { recursive: true })).sort();
writeFileSync(answer, JSON.stringify({ end, outcomes, left: { near: await all(near), far: await all(far) } }));
