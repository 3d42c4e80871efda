import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { BackupId, CopyId, StorageId } from "../../server/domain/ids.ts";
import { compileCache, node, root } from "./holdfast.ts";

/** Where on a storage it stops: before a call does anything, within its bytes, or when it has taken them all. */
export interface StorageStop {
  readonly id: StorageId;
  readonly at: "put" | "list" | "remove" | "sweep";
  readonly name?: string;
  readonly call?: number;
  readonly when: "before" | "within" | "at its end";
}

/** What a worker does until it is killed, and where it stops; without a storage the catalog stops it. */
export type Doomed = { readonly home: string; readonly url: string; readonly storage: StorageStop | null } & (
  | { readonly work: "backup" | "delete"; readonly id: BackupId }
  | { readonly work: "copy"; readonly id: CopyId }
);

/** Starts a worker in a process of its own and kills it, as the kernel would, once `there` says that it has come to its point. */
export async function killAt(doomed: Doomed, there: (reached: Promise<void>) => Promise<void> = (reached) => reached): Promise<void> {
  const child = spawn(node, [join(root, "test/support/crash-child.ts")], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env.PATH ?? "", NODE_COMPILE_CACHE: compileCache },
  });
  const gone = once(child, "exit");
  const said: string[] = [];
  const reached = Promise.withResolvers<void>();
  reached.promise.catch(() => {});
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
  createInterface({ input: child.stdout }).on("line", (line) => {
    said.push(line);
    if (line === "reached") reached.resolve();
  });
  void gone.then(() => reached.reject(new Error(`It ended before it came to its point:\n${said.join("\n")}`)));
  child.stdin.end(JSON.stringify(doomed));
  try {
    await Promise.race([there(reached.promise), gone.then(() => reached.promise)]);
  } finally {
    child.kill("SIGKILL");
    await gone;
  }
}
