import type { ChunkTable } from "./chunk-table.ts";
import { blockHeadBytes, blockMark, type ListEntry, type ListTotals, listKinds, packMark } from "./list-entry.ts";
import { NumberWriter } from "./numbers.ts";
import { tarBytes } from "./tar-header.ts";

const entriesOfBlock = 2048;
const textsOfBlock = 1024 * 1024;

interface Options {
  /** Where the pieces of entries lie. Their numbers are the table's; the list gives them numbers of its own. */
  readonly chunks: ChunkTable;
  /** Numbers a pack of the table for this list. */
  readonly packNumber: (pack: number) => number;
  /** Takes a block. */
  readonly write: (block: Buffer) => void;
}

/** Writes the list of a backup, a block at a time (docs/incremental-format.md has its bytes). */
export class ListWriter {
  readonly #options: Options;
  readonly #numbers = new NumberWriter();
  /** The number in the list of each chunk of the table, plus one; 0: not listed yet. */
  #listed = new Int32Array(1024);
  #texts: Buffer[] = [];
  #textBytes = 0;
  #sums: Buffer[] = [];
  #entries = 0;
  /** What the next entry of the block is told by its difference to. */
  #before = atBlockStart();
  readonly totals: { -readonly [Name in keyof ListTotals]: number } = { files: 0, directories: 0, links: 0, chunks: 0, tarSize: 0 };

  constructor(options: Options) {
    this.#options = options;
  }

  add(entry: ListEntry): void {
    const numbers = this.#numbers;
    const { path, kind, mtime } = entry;
    const shared = sharedBytes(this.#before.path, path);
    const name = Buffer.from(shared === 0 ? path : path.slice(shared.units));
    numbers.put(listKinds.indexOf(kind));
    numbers.put(shared === 0 ? 0 : shared.bytes);
    numbers.put(name.length);
    this.#addText(name);
    numbers.put(entry.mode);
    numbers.put(entry.uid);
    numbers.put(entry.gid);
    numbers.putSigned(mtime - this.#before.mtime);
    this.#before.path = path;
    this.#before.mtime = mtime;
    if (kind === "FILE") this.#addContent(entry);
    if (kind === "LINK") {
      const target = Buffer.from(entry.target ?? "");
      numbers.put(target.length);
      this.#addText(target);
    }
    this.totals[kind === "FILE" ? "files" : kind === "LINK" ? "links" : "directories"] += 1;
    this.totals.tarSize += tarBytes(entry);
    this.#entries += 1;
    if (this.#entries >= entriesOfBlock || this.#textBytes >= textsOfBlock) this.#flush();
  }

  /** Ends the list with its totals. */
  end(): ListTotals {
    if (this.#entries > 0) this.#flush();
    this.totals.tarSize += tarEndBytes;
    const { files, directories, links, chunks, tarSize } = this.totals;
    for (const total of [files, directories, links, chunks, tarSize]) this.#numbers.put(total);
    this.#flush();
    return this.totals;
  }

  #addContent({ size, stamp, pieces, sum }: ListEntry): void {
    const [numbers, before] = [this.#numbers, this.#before];
    numbers.put(size);
    numbers.put(stamp ? 1 : 0);
    if (stamp) {
      numbers.putSigned(stamp.inode - before.inode);
      numbers.putSigned(stamp.ctime - before.ctime);
      [before.inode, before.ctime] = [stamp.inode, stamp.ctime];
    }
    numbers.put(pieces.length);
    for (const [index, piece] of pieces.entries()) this.#addPiece(piece, index === pieces.length - 1);
    // The content of one chunk has that one's sum.
    if (pieces.length > 1 && sum) this.#sums.push(sum);
  }

  #addPiece(piece: number, isLast: boolean): void {
    const [numbers, before, { chunks, packNumber }] = [this.#numbers, this.#before, this.#options];
    if (piece >= this.#listed.length) this.#listed = larger(this.#listed, piece);
    const listed = this.#listed[piece] ?? 0;
    if (listed > 0) {
      numbers.put(this.totals.chunks + 1 - listed);
      return;
    }
    const { pack, offset, storedSize, method, size } = chunks.place(piece);
    const packInList = packNumber(pack);
    if (packInList !== before.pack) before.end = packMark.length;
    numbers.put(0);
    numbers.putSigned(packInList - before.pack);
    numbers.putSigned(offset - before.end);
    numbers.put(method);
    // What can be worked out is left away: most chunks are a file of their own, and stored as they are.
    if (method !== 0) numbers.put(storedSize);
    if (!isLast) numbers.put(size);
    this.#sums.push(Buffer.from(chunks.sum(piece)));
    before.pack = packInList;
    before.end = offset + storedSize;
    this.totals.chunks += 1;
    this.#listed[piece] = this.totals.chunks;
  }

  #addText(bytes: Buffer): void {
    this.#texts.push(bytes);
    this.#textBytes += bytes.length;
  }

  #flush(): void {
    const [numbers, texts, sums] = [this.#numbers.take(), Buffer.concat(this.#texts), Buffer.concat(this.#sums)];
    const head = Buffer.alloc(blockHeadBytes);
    blockMark.copy(head);
    for (const [index, value] of [this.#entries, numbers.length, texts.length, sums.length].entries())
      head.writeUInt32LE(value, 4 + index * 4);
    this.#options.write(Buffer.concat([head, numbers, texts, sums]));
    [this.#texts, this.#textBytes, this.#sums, this.#entries] = [[], 0, [], 0];
    this.#before = atBlockStart();
  }
}

/** What the first entry of a block is told by its difference to. */
const atBlockStart = () => ({ path: "", mtime: 0, inode: 0, ctime: 0, pack: 0, end: packMark.length });

/** Two empty blocks. */
export const tarEndBytes = 1024;

/** How much two paths have in common at their beginning, in UTF-16 units and in bytes; 0: nothing. */
function sharedBytes(before: string, path: string): { readonly units: number; readonly bytes: number } | 0 {
  const most = Math.min(before.length, path.length);
  let units = 0;
  while (units < most && before.charCodeAt(units) === path.charCodeAt(units)) units += 1;
  // Half of a pair is no character.
  if (units > 0 && (path.charCodeAt(units - 1) & 0xfc00) === 0xd800) units -= 1;
  return units === 0 ? 0 : { units, bytes: Buffer.byteLength(path.slice(0, units)) };
}

function larger(from: Int32Array<ArrayBuffer>, index: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(Math.max(from.length * 2, index + 1));
  to.set(from);
  return to;
}
