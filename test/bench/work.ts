import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Connection } from "../../server/domain/connection.ts";
import type { Encryption, Manifest } from "../../server/domain/manifest.ts";
import type { DatabaseEngine } from "../../shared/enums.ts";
import { aboutBackup } from "../support/about.ts";
import { cpuSeconds } from "./cpu.ts";
import { checkout } from "./process.ts";

/** Whose backup it is: the key that it is encrypted to, if it is. */
export interface Key {
  readonly encryption: Encryption;
  readonly identity: string;
}
/** One operation for Holdfast's engine, as a message. */
export type Task = { readonly key: Key | null; readonly root: string; readonly folder: string } & (
  | { readonly kind: "database-backup"; readonly connection: Connection; readonly engine: DatabaseEngine }
  | {
      readonly kind: "media-backup";
      readonly media: string;
      readonly packs: { readonly folder: string; readonly previous: Manifest | null } | null;
    }
  | { readonly kind: "database-restore"; readonly connection: Connection; readonly manifest: Manifest }
  | { readonly kind: "media-restore"; readonly media: string; readonly manifest: Manifest }
  | { readonly kind: "drill"; readonly home: string; readonly manifest: Manifest }
);
export interface Done {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Milliseconds by which the event loop was late, 99 of 100 times at most, and ever. */
  readonly loopP99: number;
  readonly loopMost: number;
  /** Of a backup. */
  readonly manifest?: Manifest;
  /** Of a drill: from the start of loading to compared. */
  readonly restoreSeconds?: number | undefined;
  /** What the engine told its operation. */
  readonly said: readonly string[];
}
export type Reply = { readonly ready: true } | { readonly done: Done } | { readonly failed: string };

// The program as it is run: compiled. --source takes the TypeScript, which each of its processes has to strip first.
const engineOf = async () => {
  const from = process.argv.includes("--source") ? ["", "ts"] : ["dist/", "js"];
  const load = (path: string) => import(join(checkout, `${from[0]}server/${path}.${from[1]}`));
  return {
    ...((await load("engine/backup")) as typeof import("../../server/engine/backup.ts")),
    ...((await load("engine/restore")) as typeof import("../../server/engine/restore.ts")),
    ...((await load("engine/verify")) as typeof import("../../server/engine/verify.ts")),
    ...((await load("engine/encryption")) as typeof import("../../server/engine/encryption.ts")),
    ...((await load("engine/stored-content")) as typeof import("../../server/engine/stored-content.ts")),
    ...((await load("engine/database/tools")) as typeof import("../../server/engine/database/tools.ts")),
    ...((await load("engine/storage/local")) as typeof import("../../server/engine/storage/local.ts")),
    ...((await load("db/embedded/throwaway")) as typeof import("../../server/db/embedded/throwaway.ts")),
  };
};
type Engine = Awaited<ReturnType<typeof engineOf>>;

const never = new AbortController().signal;
const now = () => new Date();

/** Backs up, restores or drills as the services do, without a catalog. */
async function perform(engine: Engine, task: Task, said: string[]): Promise<Pick<Done, "manifest" | "restoreSeconds">> {
  const storage = engine.localStorage(task.root);
  const work = { signal: never, say: (_level: unknown, line: string) => void said.push(line), report: () => {} };
  const tools = () => engine.findTools(null);
  const opened = (manifest: Manifest) => {
    const stored = { storage, folder: manifest.folder ?? task.folder, manifest };
    return task.key ? engine.decrypted(stored, [task.key.identity]) : stored;
  };
  switch (task.kind) {
    case "database-backup":
    case "media-backup": {
      const previous = task.kind === "media-backup" ? task.packs?.previous : null;
      const manifest = await engine.runBackup(
        {
          ...{ storage, folder: task.folder, packing: { compression: "ZSTD", level: 3 }, now },
          database:
            task.kind === "database-backup"
              ? { connection: task.connection, tools: await tools(), ratio: null, engine: task.engine }
              : null,
          media:
            task.kind === "media-backup"
              ? {
                  ...{ roots: [task.media], exclude: [] },
                  packs: task.packs && { folder: task.packs.folder, previous: previous ? opened(previous) : null },
                }
              : null,
          about: aboutBackup({ name: "Bench", type: task.kind === "media-backup" ? "MEDIA" : "DATABASE", trigger: "CLI" }),
          ...(task.key ? { seal: { encryption: task.key.encryption, mac: { keyId: "bench", key: Buffer.alloc(32) } } } : {}),
        },
        work,
      );
      return { manifest };
    }
    case "database-restore":
    case "media-restore": {
      const content = engine.contentOf(opened(task.manifest));
      const database = task.kind === "database-restore" ? { connection: task.connection, tools: await tools(), make: false } : null;
      const prefix = task.manifest.media?.roots[0]?.prefix ?? "";
      const media = task.kind === "media-restore" ? [{ path: task.media, prefix }] : null;
      const plan = {
        ...{ restoreId: "0a1b2c3d-0000-4000-8000-00000000000e", content, target: { database, media }, mode: "REPLACE" as const },
        ...{ tables: null, paths: null, journal: async () => {}, now },
      };
      const expected = await engine.bytesOf(plan);
      await engine.verifyContent(plan, work, { before: 0, expected });
      await engine.restoreStaged(plan, work, { before: 0, expected });
      return {};
    }
    case "drill": {
      const means = { openScratchServer: (bytes: number) => engine.openThrowaway(task.home, { signal: never, bytes }), tools };
      const report = await engine.drill({ ...opened(task.manifest), now }, means, work);
      if (!report.passed) throw new Error(`The drill did not pass: ${report.problems.join(" ")}`);
      return { restoreSeconds: report.restoreSeconds ?? undefined };
    }
  }
}

const answer = (reply: Reply) => void process.send?.(reply);

const engine = await engineOf();
// A server that encrypts has loaded it long ago, and made its key's recipient with it.
const { generateX25519Identity, identityToRecipient } = await import("age-encryption");
await identityToRecipient(await generateX25519Identity());
process.on("message", (task: Task) => {
  void carryOut(task).then(answer, (error: unknown) => answer({ failed: error instanceof Error ? `${error.stack}` : String(error) }));
});
answer({ ready: true });

async function carryOut(task: Task): Promise<Reply> {
  const said: string[] = [];
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const [started, cpu] = [performance.now(), await cpuSeconds(process.pid)];
  const found = await perform(engine, task, said);
  const seconds = (performance.now() - started) / 1000;
  const spent = (await cpuSeconds(process.pid)) - cpu;
  delay.disable();
  const [loopP99, loopMost] = [delay.percentile(99) / 1e6, delay.max / 1e6];
  return { done: { seconds, cpuSeconds: spent, loopP99, loopMost, said, ...found } };
}
