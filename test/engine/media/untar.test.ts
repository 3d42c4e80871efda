import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { describe, expect, it } from "vitest";
import { handOver, letGo } from "../../../server/engine/handed-over.ts";
import { untar } from "../../../server/engine/media/untar.ts";
import { archiveOf, nasty } from "../../support/media.ts";
import { dir, hardlink, link, makeTree, scratchFolder } from "../../support/trees.ts";

const signal = new AbortController().signal;

/** The same bytes in pieces of this length, which lie apart from each other. */
async function* cut(bytes: Buffer, length: number) {
  for (let at = 0; at < bytes.length; at += length) yield Buffer.from(bytes.subarray(at, at + length));
}

async function entriesOf(tar: AsyncIterable<Uint8Array>) {
  const found: object[] = [];
  for await (const { body, ...entry } of untar(tar, signal)) {
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    found.push({ ...entry, body: Buffer.concat(pieces).toString("base64") });
  }
  return found;
}

/** What the library of archiver makes of it. */
async function entriesByLibrary(bytes: Buffer) {
  const extractor = extract();
  extractor.end(bytes);
  const kinds: Record<string, string> = { file: "file", directory: "directory", symlink: "link", link: "hardlink" };
  const found: object[] = [];
  for await (const stream of extractor) {
    const { name, type, size, mode, uid, gid, mtime, linkname, ...rest } = stream.header;
    const pax = ("pax" in rest && rest.pax ? rest.pax : {}) as Record<string, string>;
    const exact = (key: string, plain: number | undefined) => Number(pax[key] ?? plain);
    found.push({
      ...{ name, kind: kinds[type ?? ""], size, mode, target: linkname ?? "" },
      ...{ uid: exact("uid", uid), gid: exact("gid", gid), mtime: exact("mtime", (mtime?.getTime() ?? 0) / 1000) },
      body: (await buffer(stream as unknown as AsyncIterable<Uint8Array> as never)).toString("base64"),
    });
  }
  return found;
}

describe("a tar by GNU tar", () => {
  const tarred = async (...options: readonly string[]) => {
    const top = await scratchFolder();
    await makeTree(join(top, "m"), {
      "a.txt": "plain",
      "z.bin": randomBytes(3000),
      empty: "",
      "folder/": dir({ mode: 0o2750 }),
      [`${"d".repeat(90)}/${"e".repeat(60)}`]: "a name that ustar cuts in two",
      "größe – 東京": "not ASCII",
      "link to far away": link("t".repeat(150)),
      short: link("a.txt"),
      twin: hardlink("a.txt"),
    });
    return execFileSync("tar", ["-C", top, ...options, "-cf", "-", "m"]);
  };

  it.each([
    ["ustar", ["--exclude=link to far away"]],
    ["gnu", ["--owner=:3000000", "--mtime=@9999999999"]],
    ["gnu", ["--sort=name"]],
    ["pax", ["--owner=:3000000", "--mtime=1950-01-01 00:00:00.5"]],
    ["pax", ["--pax-option=globexthdr.name=g,comment=kept for all"]],
  ] as const)("in the form %s %s says what it says to the library of archiver, however it is cut", async (form, options) => {
    const bytes = await tarred(`--format=${form}`, ...options);
    const expected = await entriesByLibrary(bytes);
    expect(expected).toHaveLength(form === "ustar" ? 10 : 11);
    for (const length of [7, 512, 1000, bytes.length]) expect(await entriesOf(cut(bytes, length))).toEqual(expected);
  });

  it("has times before 1970, for which the library is a second late", async () => {
    const bytes = await tarred("--format=gnu", "--mtime=1950-01-01T00:00:00Z");
    for await (const { mtime } of untar(cut(bytes, 10_000), signal)) expect(mtime).toBe(Date.UTC(1950) / 1000);
  });

  it("may have its bodies left, all of them or in the middle", async () => {
    const bytes = await tarred();
    const expected = (await entriesByLibrary(bytes)).map((entry) => ("name" in entry ? entry.name : ""));
    for (const read of [0, 1]) {
      const names: string[] = [];
      for await (const { name, body } of untar(cut(bytes, 700), signal)) {
        names.push(name);
        let left = read;
        for await (const _ of body) if (left-- === 0) break;
      }
      expect(names).toEqual(expected);
    }
  });
});

describe("the memory of an archive", () => {
  const archive = async () => {
    const top = await scratchFolder();
    await makeTree(join(top, "m"), nasty);
    return archiveOf([join(top, "m")]);
  };

  it("is freed, frame after frame, by a reader who lets go of what it has copied", async () => {
    const pieces: Uint8Array[] = [];
    let [bytes, large] = [0, 0];
    for await (const { body } of (await archive()).content.entries(null, signal))
      for await (const piece of body) {
        pieces.push(piece);
        bytes += piece.length;
        large += piece.length > 100_000 ? 1 : 0;
        letGo(piece);
      }
    const held = pieces.reduce((sum, piece) => sum + piece.length, 0);
    expect([bytes > 12e6, large > 4, held < bytes / 10]).toEqual([true, true, true]);
  });

  it("stays where its reader has not let go, and a body that ends a piece frees only what came before", async () => {
    const kept: Uint8Array[] = [];
    const sizes: number[] = [];
    for await (const { body, size } of (await archive()).content.entries(null, signal)) {
      sizes.push(size);
      for await (const piece of body) kept.push(piece);
    }
    expect(kept.reduce((sum, piece) => sum + piece.length, 0)).toBe(sizes.reduce((sum, size) => sum + size, 0));
    const [first, second] = [Buffer.alloc(20_000, "1"), Buffer.alloc(20_000, "2")];
    const source = async function* () {
      yield handOver(first);
      yield handOver(second);
    };
    await expect(
      (async () => {
        for await (const _ of untar(source(), signal));
      })(),
    ).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    expect([first.length, second.length]).toEqual([20_000, 20_000]);
  });
});
