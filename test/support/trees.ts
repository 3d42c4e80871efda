import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmod,
  link as hardLink,
  lstat,
  lutimes,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

interface Meta {
  readonly mode?: number;
  readonly mtime?: Date;
}
type Node =
  | ({ readonly kind: "file"; readonly content: string | Buffer } & Meta)
  | ({ readonly kind: "dir" } & Meta)
  | { readonly kind: "link"; readonly target: string; readonly mtime?: Date }
  | { readonly kind: "hardlink"; readonly to: string }
  | { readonly kind: "fifo" };

export const file = (content: string | Buffer, meta: Meta = {}): Node => ({ kind: "file", content, ...meta });
export const dir = (meta: Meta = {}): Node => ({ kind: "dir", ...meta });
export const link = (target: string, mtime?: Date): Node => ({ kind: "link", target, ...(mtime ? { mtime } : {}) });
export const hardlink = (to: string): Node => ({ kind: "hardlink", to });
export const fifo = (): Node => ({ kind: "fifo" });

/** A tree as a literal: paths to contents, a text for a plain file. Parents are made on the way. */
export type Tree = Readonly<Record<string, string | Buffer | Node>>;

/** A new folder that goes with the test. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-tree-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const someTime = new Date("2024-03-01T12:34:56.250Z");

/** Makes `tree` in `root`, with modes and times as named (else 0644, 0755 and one fixed time), whatever the umask. */
export async function makeTree(root: string, tree: Tree): Promise<string> {
  await mkdir(root, { recursive: true });
  const nodes = Object.entries(tree).map(([name, given]) => {
    const node: Node = typeof given === "string" || Buffer.isBuffer(given) ? file(given) : given;
    return { path: join(root, name), node };
  });
  const folders = new Map<string, Meta>([[root, {}]]);
  for (const { path, node } of nodes) {
    const made = node.kind === "dir" ? path.replace(/\/$/, "") : dirname(path);
    await mkdir(made, { recursive: true });
    for (let parent = made; parent.length > root.length; parent = dirname(parent)) if (!folders.has(parent)) folders.set(parent, {});
    if (node.kind === "dir") folders.set(made, node);
    else await makeLeaf(root, path, node);
  }
  for (const [path, meta] of [...folders].reverse()) await settle(path, meta, 0o755);
  return root;
}

async function makeLeaf(root: string, path: string, node: Exclude<Node, { kind: "dir" }>): Promise<void> {
  switch (node.kind) {
    case "file":
      await writeFile(path, node.content);
      return settle(path, node, 0o644);
    case "link":
      await symlink(node.target, path);
      return lutimes(path, node.mtime ?? someTime, node.mtime ?? someTime);
    case "hardlink":
      return hardLink(join(root, node.to), path);
    case "fifo":
      await promisify(execFile)("mkfifo", ["--", path]);
  }
}

async function settle(path: string, { mode, mtime }: Meta, usual: number): Promise<void> {
  await chmod(path, mode ?? usual);
  await lutimes(path, mtime ?? someTime, mtime ?? someTime);
}

export interface Seen {
  readonly kind: "file" | "directory" | "link" | "other";
  readonly mode: string;
  readonly mtime: string;
  readonly owner: string;
  readonly is: string | null;
}

/** Everything below `root`, by path: kind, mode, time to the millisecond, owner, and SHA-256 or link target. "." is the root. */
export async function readTree(root: string): Promise<Record<string, Seen>> {
  const seen: Record<string, Seen> = { ".": await look(root) };
  const inside = async (folder: string) => {
    for (const name of (await readdir(join(root, folder))).sort()) {
      const path = join(folder, name);
      seen[path] = await look(join(root, path));
      if (seen[path].kind === "directory") await inside(path);
    }
  };
  await inside("");
  return seen;
}

async function look(path: string): Promise<Seen> {
  const stats = await lstat(path);
  const kind = stats.isFile() ? "file" : stats.isDirectory() ? "directory" : stats.isSymbolicLink() ? "link" : "other";
  const is =
    kind === "file"
      ? createHash("sha256")
          .update(await readFile(path))
          .digest("hex")
      : kind === "link"
        ? await readlink(path)
        : null;
  const time = new Date(Math.round(stats.mtimeMs)).toISOString();
  return { kind, mode: (stats.mode & 0o7777).toString(8), mtime: time, owner: `${stats.uid}:${stats.gid}`, is };
}
