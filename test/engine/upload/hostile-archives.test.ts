import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { crc32, deflateRawSync, gzipSync, zstdCompressSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { restoreStaged } from "../../../server/engine/restore.ts";
import { uploadedContent } from "../../../server/engine/upload/content.ts";
import { makeTree, readTree } from "../../support/trees.ts";
import { inspected, temporaryFolder } from "../../support/uploads.ts";

type Made = Partial<Header> & { readonly name: string; readonly body?: string };

async function tarOf(...entries: readonly Made[]): Promise<Buffer> {
  const made = pack();
  for (const { body, ...header } of entries) made.entry({ mtime: new Date(0), ...header }, body ?? "");
  made.finalize();
  return buffer(made as unknown as AsyncIterable<Uint8Array> as never);
}

interface Zipped {
  readonly name: string | Buffer;
  readonly body?: Buffer;
  readonly method?: number;
  readonly flags?: number;
  readonly attributes?: number;
  /** What the lists say, where that is not so. */
  readonly claims?: { readonly size?: number; readonly crc?: number; readonly at?: number };
}

/** A zip, byte by byte, so that it can lie. */
function zipOf(...entries: readonly Zipped[]): Buffer {
  const [pieces, list]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const { name, body = Buffer.from("x"), method = 8, flags = 0x800, attributes = 0o100644, claims = {} } of entries) {
    const raw = Buffer.from(name);
    const packed = method === 8 ? deflateRawSync(body) : body;
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(flags, 2);
    facts.writeUInt16LE(method, 4);
    facts.writeUInt32LE(0x5a21_0000, 6);
    facts.writeUInt32LE(claims.crc ?? crc32(body), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(claims.size ?? body.length, 18);
    facts.writeUInt16LE(raw.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), facts, raw, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(attributes * 0x10000, 6);
    rest.writeUInt32LE(claims.at ?? at, 10);
    list.push(Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, 3]), facts, rest, raw]));
    pieces.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...pieces, directory, end]);
}

const outside = "/tmp/holdfast-must-not-be-there";

describe("a stranger's archive is refused by the name of its entry:", () => {
  const names: readonly (readonly [what: string, name: string, reason: string])[] = [
    ["one that climbs out", "../x", "UNSAFE_PATH"],
    ["one that climbs further in", "a/../../x", "UNSAFE_PATH"],
    ["an absolute one", outside, "UNSAFE_PATH"],
    ["one with two slashes", `/${outside}`, "UNSAFE_PATH"],
    ["a drive's", "C:x", "UNSAFE_PATH"],
    ["one with a backslash", "..\\x", "UNSAFE_PATH"],
    ["one with a line break", "a\nb", "UNSAFE_PATH"],
    ["one of 300 bytes", "x".repeat(300), "UNSAFE_PATH"],
    ["one in 5,000 folders", "a/".repeat(5000).concat("x"), "UNSAFE_PATH"],
  ];
  const tars: readonly (readonly [what: string, entries: readonly Made[], reason: string])[] = [
    ...names.map(([what, name, reason]) => [what, [{ name, body: "x" }], reason] as const),
    ["a pax name over a harmless one", [{ name: "x", body: "x", pax: { path: outside } }], "UNSAFE_PATH"],
    ["a link out", [{ name: "l", type: "symlink", linkname: "/etc" }], "UNSAFE_LINK"],
    [
      "a link inside",
      [
        { name: "a", body: "x" },
        { name: "l", type: "symlink", linkname: "a" },
      ],
      "UNSAFE_LINK",
    ],
    [
      "a hard link",
      [
        { name: "a", body: "x" },
        { name: "l", type: "link", linkname: "a" },
      ],
      "UNSAFE_LINK",
    ],
    ["a device", [{ name: "d", type: "character-device", devmajor: 1, devminor: 3 }], "ARCHIVE_UNSUPPORTED"],
    ["a FIFO", [{ name: "f", type: "fifo" }], "ARCHIVE_UNSUPPORTED"],
    [
      "a file twice",
      [
        { name: "a", body: "1" },
        { name: "a", body: "2" },
      ],
      "DUPLICATE_ENTRY",
    ],
    [
      "a file twice but for a dot",
      [
        { name: "a", body: "1" },
        { name: "./a", body: "2" },
      ],
      "DUPLICATE_ENTRY",
    ],
    [
      "names that differ by case",
      [
        { name: "Photo.jpg", body: "1" },
        { name: "photo.JPG", body: "2" },
      ],
      "DUPLICATE_ENTRY",
    ],
    [
      "names that differ by how an accent is written",
      [
        { name: "é", body: "1" },
        { name: "e\u0301", body: "2" },
      ],
      "DUPLICATE_ENTRY",
    ],
    [
      "names that differ by a dot at their end",
      [
        { name: "a.", body: "1" },
        { name: "a", body: "2" },
      ],
      "DUPLICATE_ENTRY",
    ],
    [
      "a file and then a folder of its name",
      [
        { name: "a", body: "1" },
        { name: "a", type: "directory" },
      ],
      "DUPLICATE_ENTRY",
    ],
    [
      "a folder and then a file of its name",
      [
        { name: "a/b", body: "1" },
        { name: "a", body: "2" },
      ],
      "DUPLICATE_ENTRY",
    ],
    [
      "a file below a file",
      [
        { name: "a", body: "1" },
        { name: "a/b", body: "2" },
      ],
      "DUPLICATE_ENTRY",
    ],
  ];

  it.each(tars)("tar with %s", async (_what, entries, reason) => {
    await using folder = await temporaryFolder();
    const { inspection } = await inspected(folder.path, "media.tar", await tarOf(...entries));
    expect(inspection.findings).toMatchObject([{ reason, severity: "REFUSED", entry: expect.stringMatching(/\S/) }]);
  });

  const big = Buffer.alloc(3_000_000);
  const zips: readonly (readonly [what: string, bytes: Buffer, reason: string])[] = [
    ...names.filter(([, name]) => name.length < 60_000).map(([what, name, reason]) => [what, zipOf({ name }), reason] as const),
    ["a link", zipOf({ name: "l", attributes: 0o120777, body: Buffer.from("/etc") }), "UNSAFE_LINK"],
    ["a device", zipOf({ name: "d", attributes: 0o020666 }), "ARCHIVE_UNSUPPORTED"],
    ["an encrypted entry", zipOf({ name: "a", flags: 0x801 }), "ARCHIVE_UNSUPPORTED"],
    ["an odd method", zipOf({ name: "a", method: 12 }), "ARCHIVE_UNSUPPORTED"],
    ["a name twice", zipOf({ name: "a" }, { name: "A" }), "DUPLICATE_ENTRY"],
    ["a smaller size than is true", zipOf({ name: "a", body: big, claims: { size: 10 } }), "ARCHIVE_CORRUPT"],
    ["a larger size than is true", zipOf({ name: "a", claims: { size: 10 } }), "ARCHIVE_CORRUPT"],
    ["a wrong checksum", zipOf({ name: "a", claims: { crc: 1 } }), "ARCHIVE_CORRUPT"],
    ["entries that share bytes", zipOf({ name: "a" }, { name: "b", claims: { at: 0 } }), "ARCHIVE_UNSUPPORTED"],
    ["no end", zipOf({ name: "a" }).subarray(0, -30), "ARCHIVE_CORRUPT"],
    ["more than fits", zipOf({ name: "a", body: big }), "UNPACKED_TOO_LARGE"],
    ["nothing in it", zipOf(), "EMPTY_ARCHIVE"],
  ];

  it.each(zips)("zip with %s", async (_what, bytes, reason) => {
    await using folder = await temporaryFolder();
    const { inspection } = await inspected(folder.path, "media.zip", bytes, 1_000_000);
    expect(inspection.findings).toMatchObject([{ reason, severity: "REFUSED" }]);
  });

  it("a tar that is cut anywhere, or is packed and cut", async () => {
    await using folder = await temporaryFolder();
    const whole = await tarOf({ name: "a", body: "x".repeat(2000) }, { name: "b", body: "y" });
    for (const bytes of [
      whole.subarray(0, 700),
      whole.subarray(0, 2560),
      whole.subarray(0, 1000 + 2560),
      gzipSync(whole).subarray(0, -5),
      zstdCompressSync(whole).subarray(0, -5),
    ]) {
      const { inspection } = await inspected(folder.path, "media.tar", bytes);
      expect(inspection.findings).toMatchObject([{ reason: "ARCHIVE_CORRUPT", severity: "REFUSED" }]);
    }
  });
});

describe("an honest archive", () => {
  const quiet = { signal: new AbortController().signal, say: () => {}, report: () => {} };

  async function restoreMedia(folder: string, name: string, bytes: Buffer, media: readonly string[]) {
    const file = await inspected(folder, name, bytes);
    expect(file.inspection.findings).toEqual([]);
    const content = await uploadedContent([file], { stripDefiner: false, collations: [] }, media);
    const plan = {
      ...{ restoreId: randomUUID(), content, mode: "REPLACE" as const, tables: null, paths: null, now: () => new Date() },
      target: { database: null, media: content.media?.summary.roots ?? null },
      journal: async () => {},
    } as const;
    return { inspection: file.inspection, result: await restoreStaged(plan, quiet, { before: 0, expected: 1 }) };
  }

  it("goes into the target's only folder, or into those that its own are called after, without set-uid", async () => {
    await using folder = await temporaryFolder();
    const [one, two] = [join(folder.path, "site/uploads"), join(folder.path, "site/pictures")];
    await makeTree(one, { "old.txt": "old" });
    await makeTree(two, { "old.txt": "old" });
    const flat = await tarOf(
      { name: "./", type: "directory" },
      { name: "./new/a.txt", body: "a", mode: 0o4755 },
      { name: "b.txt", body: "b" },
    );
    const { inspection } = await restoreMedia(folder.path, "media.tar.zst", zstdCompressSync(flat), [one]);
    expect(inspection).toMatchObject({ format: "tar.zst", media: { files: 2, roots: [{ prefix: "new" }, { prefix: "b.txt" }] } });
    expect(Object.keys(await readTree(one)).sort()).toEqual([".", "b.txt", "new", "new/a.txt"]);
    expect((await stat(join(one, "new/a.txt"))).mode & 0o7777).toBe(0o755);
    const both = zipOf(
      { name: "uploads/é🐢.txt", body: Buffer.from("u") },
      { name: "pictures/", body: Buffer.alloc(0), attributes: 0o040755 },
      { name: "pictures/p.txt", body: Buffer.from("p"), method: 0 },
    );
    await restoreMedia(folder.path, "media.zip", both, [one, two]);
    expect(await readFile(join(one, "é🐢.txt"), "utf8")).toBe("u");
    expect(await readFile(join(two, "p.txt"), "utf8")).toBe("p");
    expect(Object.keys(await readTree(two)).sort()).toEqual([".", "p.txt"]);
  });

  it("may be a zip of more entries than its old format counts, as Info-ZIP and Python make it", async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, "many"));
    const script =
      "import zipfile,sys\nwith zipfile.ZipFile(sys.argv[1],'w') as z:\n  for i in range(65600): z.writestr(f'many/{i}.txt', str(i))";
    const path = join(folder.path, "many.zip");
    await writeFile(join(folder.path, "make.py"), script);
    execFileSync("python3", [join(folder.path, "make.py"), path]);
    const { inspection } = await inspected(folder.path, "many.zip", await readFile(path));
    expect(inspection).toMatchObject({ format: "zip", findings: [], media: { files: 65_600, roots: [{ prefix: "many" }] } });
  });
});
