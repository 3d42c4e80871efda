// Runs in a process of its own, in which a test makes system calls fail. Its words: the storage's folder, a file for the answer, what to do.
import crypto from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { buffer } from "node:stream/consumers";
import { Failure } from "../../server/domain/errors.ts";

// The name of what is being written is known, so that calls on it alone can be made to fail.
Object.assign(crypto, { randomBytes: (size: number) => Buffer.alloc(size) });
syncBuiltinESMExports();
const { localStorage } = await import("../../server/engine/storage/local.ts");

const [root = "", answer = "", what = "put", size = "3000000"] = process.argv.slice(2);
const storage = localStorage(root);
const name = "shop/backup/database.sql.zst";

const content = Buffer.alloc(Number(size), "some words");
async function* chunks() {
  for (let at = 0; at < content.length; at += 65_537) yield content.subarray(at, at + 65_537);
}
const told = (error: unknown) =>
  error instanceof Failure ? { code: error.code, message: error.message, hint: error.hint } : { code: null, message: String(error) };
const work = what === "get" ? storage.get("kept").then(buffer) : storage.put(name, chunks(), { signal: new AbortController().signal });
const end = await work.then(() => ({ code: "DONE" }), told);
const left: Record<string, number> = {};
for await (const entry of storage.list("")) left[entry.name] = entry.size;
const kept = `${root}/kept`;
const sum = left[name] === undefined ? {} : { sum: crypto.hash("sha256", readFileSync(`${root}/${name}`)) };
writeFileSync(
  answer,
  JSON.stringify({ ...end, ...sum, left, kept: what === "get" || !existsSync(kept) ? null : readFileSync(kept, "utf8") }),
);
