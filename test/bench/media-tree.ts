import { createCipheriv } from "node:crypto";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Random, seeded } from "../../server/demo/random.ts";

/** One generated file: what it holds follows from its path and its version. */
export interface MediaFile {
  readonly path: string;
  readonly kind: "picture" | "clip" | "text";
  readonly bytes: number;
}

/** The media of a shop, `megabytes` in all: pictures by the thousand, three clips, a long log, lists and drawings; 85 % do not compress. */
export function mediaFiles(megabytes: number): readonly MediaFile[] {
  const random = seeded("media");
  const files: MediaFile[] = [];
  const fill = (share: number, kind: MediaFile["kind"], name: (index: number) => string, size: () => number) => {
    let left = share * megabytes * 1e6;
    for (let index = 0; left > 0; index += 1) {
      const bytes = Math.min(size(), Math.ceil(left));
      files.push({ path: name(index), kind, bytes });
      left -= bytes;
    }
  };
  const hundreds = (index: number) => String(Math.floor(index / 100)).padStart(3, "0");
  // Small ones are many: sizes from 5 to 200 KB, half of them below 50.
  const pictureBytes = () => Math.round(5_000 * 40 ** (random.next() ** 0.7));
  fill(0.5, "picture", (index) => `catalog/${hundreds(index)}/picture-${index}.jpg`, pictureBytes);
  fill(
    0.35,
    "clip",
    (index) => `clips/clip-${index}.mp4`,
    () => Math.ceil((0.35 * megabytes * 1e6) / 3),
  );
  fill(
    0.085,
    "text",
    () => "logs/shop.log",
    () => Number.POSITIVE_INFINITY,
  );
  fill(
    0.05,
    "text",
    (index) => `exports/${hundreds(index)}/orders-${index}.csv`,
    () => random.between(20_000, 200_000),
  );
  fill(
    0.015,
    "text",
    (index) => `drawings/${hundreds(index)}/drawing-${index}.svg`,
    () => random.between(2_000, 30_000),
  );
  return files;
}

/** Every hundredth of the smaller files. */
export const onePercent = (files: readonly MediaFile[]): readonly MediaFile[] =>
  files.filter(({ kind, path }, index) => index % 100 === 7 && kind !== "clip" && path !== "logs/shop.log");

/** Writes the files with content of this version; times are whole seconds, which every archiver keeps. */
export async function writeMedia(folder: string, files: readonly MediaFile[], version: number, signal: AbortSignal): Promise<void> {
  const text = sentences(seeded("words"));
  for (const { path, kind, bytes } of files) {
    signal.throwIfAborted();
    const full = join(folder, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, kind === "text" ? written(text, path, version, bytes) : noise(path, version, bytes, kind));
    const time = 1_700_000_000 + (seeded(path).between(0, 20_000_000) + version);
    await utimes(full, time, time);
  }
}

/** Bytes that nothing can compress, behind the first ones of a JPEG or MP4 file. */
function noise(path: string, version: number, bytes: number, kind: "picture" | "clip"): Buffer {
  const random = seeded(`${path} ${version}`);
  const key = Buffer.from(Array.from({ length: 16 }, () => random.between(0, 255)));
  const content = createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
  const head = kind === "picture" ? "ffd8ffe000104a46494600010100000100010000" : "000000206674797069736f6d0000020069736f6d69736f32";
  Buffer.from(head, "hex").copy(content);
  return content;
}

/** A text for `written` to cut from: words as in real text, with numbers in between. */
function sentences(random: Random): string {
  const words = Array.from({ length: 4_000 }, () =>
    Array.from({ length: random.between(2, 9) }, () => random.pick([..."etaoinshrdlucm"])).join(""),
  );
  const lines = Array.from({ length: 30_000 }, (_, line) => {
    const said = Array.from({ length: random.between(3, 9) }, () => words[Math.floor(words.length ** random.next()) - 1] ?? "").join(" ");
    return `${1_700_000_000 + line * random.between(1, 9)};${random.between(1, 99_999)};${said};${random.next().toFixed(7)}\n`;
  });
  return lines.join("");
}

function written(text: string, path: string, version: number, bytes: number): Buffer {
  const random = seeded(`${path} ${version}`);
  const pieces: string[] = [`${path}, version ${version}\n`];
  for (let length = 0; length < bytes; ) {
    const start = random.between(0, text.length - 1);
    // Short enough that a window of megabytes seldom sees the same line again.
    const piece = `${random.next()} ${text.slice(start, start + random.between(40, 400))}`;
    pieces.push(piece);
    length += piece.length;
  }
  return Buffer.from(pieces.join("").slice(0, bytes).padEnd(bytes, "."), "latin1");
}
