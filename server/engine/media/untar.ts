import { padded } from "./header.ts";
import { blockBytes, readHeader, readLongName, readPax, sizeOf, type TarHeader } from "./header-reader.ts";
import { damaged, unsafe } from "./names.ts";
import { cutOff, TarBytes } from "./tar-bytes.ts";

/** An entry as it stands in the archive, of a kind that may be restored. `body` is to be read to its end, or left. */
export interface TarEntry {
  readonly name: string;
  readonly kind: "file" | "directory" | "link" | "hardlink";
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds. */
  readonly mtime: number;
  /** What a link names; "" for others. */
  readonly target: string;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The entries of a tar, in order, as ustar, pax and GNU tar write them. A tar that was cut, even between two entries, or that
 * is none, is ARTIFACT_CORRUPT; an entry that is no file, folder or link is ARTIFACT_UNSAFE.
 */
export async function* untar(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<TarEntry, void> {
  const tar = new TarBytes(bytes, signal);
  let [emptyBlocks, extras, always] = [0, none, none];
  try {
    for (let block = await tar.take(blockBytes); block; block = await tar.take(blockBytes)) {
      const header = readHeader(block);
      emptyBlocks = header ? 0 : emptyBlocks + 1;
      if (!header) continue;
      if (header.type === "g") always = merged(always, await readExtras(tar, header));
      else if (extraTypes.has(header.type)) extras = merged(extras, await readExtras(tar, header));
      else {
        const entry = described(header, merged(always, extras));
        const body = new Body(tar, entry.kind === "directory" ? 0 : entry.size);
        yield { ...entry, body };
        body.leave();
        extras = none;
      }
    }
  } finally {
    tar.end();
  }
  if (emptyBlocks < 2) throw damaged("it ends before its end mark");
}

/** What stands before an entry's header, for what has no room in there. */
type Extras = ReadonlyMap<string, string>;
const none: Extras = new Map();
const merged = (some: Extras, more: Extras): Extras => (some.size === 0 ? more : new Map([...some, ...more]));

/** Pax records, and what GNU tar has for a long name and a long target. */
const extraTypes = new Set(["x", "L", "N", "K"]);
const longestExtras = 4 * 1024 * 1024;

async function readExtras(tar: TarBytes, { type, size }: TarHeader): Promise<Extras> {
  if (size > longestExtras) throw damaged("it has an extended header that no entry needs");
  const bytes = await tar.take(size);
  if (!bytes) throw cutOff();
  tar.pass(padded(size) - size);
  if (type === "x" || type === "g") return readPax(bytes);
  return new Map([[type === "K" ? "linkpath" : "path", readLongName(bytes)]]);
}

function described(header: TarHeader, extras: Extras): Omit<TarEntry, "body"> {
  const name = extras.get("path") || header.name;
  const kind = kinds[header.type];
  if (!kind) throw unsafe(name, "is neither a file, a folder nor a link");
  if ([...extras.keys()].some((key) => key.startsWith("GNU.sparse.")))
    throw unsafe(name, "is a sparse file in a form that only GNU tar reads");
  const exact = (key: string, plain: number) => {
    const text = extras.get(key);
    return text !== undefined && Number.isFinite(Number(text)) ? Number(text) : plain;
  };
  const size = extras.get("size");
  return {
    name,
    kind,
    size: size ? sizeOf(Number(size)) : header.size,
    mode: header.mode & 0o7777,
    uid: exact("uid", header.uid),
    gid: exact("gid", header.gid),
    mtime: exact("mtime", header.mtime),
    target: extras.get("linkpath") || header.target,
  };
}

const kinds: Readonly<Record<string, TarEntry["kind"]>> = { 0: "file", 7: "file", 5: "directory", 2: "link", 1: "hardlink" };

/** What an entry holds; all of it is behind when the next one is asked for, read or not. */
class Body implements AsyncIterable<Uint8Array> {
  readonly #tar: TarBytes;
  readonly #padding: number;
  #left: number;
  #isLeft = false;

  constructor(tar: TarBytes, size: number) {
    [this.#tar, this.#padding, this.#left] = [tar, padded(size) - size, size];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    while (this.#left > 0) {
      if (this.#isLeft) throw new Error("An entry's content was asked for when the next entry was there");
      const piece = await this.#tar.some(this.#left, this.#padding);
      if (!piece) throw cutOff();
      this.#left -= piece.length;
      yield piece;
    }
  }

  leave(): void {
    this.#isLeft = true;
    if (this.#left > 0) this.#tar.pass(this.#left + this.#padding);
  }
}
