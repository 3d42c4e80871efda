/** Where a chunk lies, and what it is. */
export interface ChunkPlace {
  /** Number of its pack. */
  readonly pack: number;
  /** Where it begins in the pack, and how long it is there. */
  readonly offset: number;
  readonly storedSize: number;
  readonly method: ChunkMethod;
  /** Uncompressed bytes. */
  readonly size: number;
}

/** How a chunk is stored: as it is, as a zstd frame, as a gzip member. */
export const chunkMethods = { raw: 0, zstd: 1, gzip: 2 } as const;
export type ChunkMethod = (typeof chunkMethods)[keyof typeof chunkMethods];

const sumBytes = 32;
const none = -1;

/** Chunks in little memory, about 70 bytes each, known by their numbers: 0, 1, 2 and so on. */
export class ChunkTable {
  #packs = new Int32Array(1024);
  #offsets = new Float64Array(1024);
  #stored = new Int32Array(1024);
  #sizes = new Int32Array(1024);
  #methods = new Uint8Array(1024);
  #sums = Buffer.alloc(1024 * sumBytes);
  /** Numbers by their sums, open addressing; a power of two, never more than half full. Null until somebody looks for a sum. */
  #slots: Int32Array | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The sum's 32 bytes begin at `from`. */
  add({ pack, offset, storedSize, method, size }: ChunkPlace, sum: Buffer, from = 0): number {
    if (this.#length === this.#packs.length) this.#grow();
    const number = this.#length++;
    this.#packs[number] = pack;
    this.#offsets[number] = offset;
    this.#stored[number] = storedSize;
    this.#sizes[number] = size;
    this.#methods[number] = method;
    sum.copy(this.#sums, number * sumBytes, from, from + sumBytes);
    if (this.#slots) this.#slots[this.#slotOf(this.#slots, this.sum(number))] = number;
    return number;
  }

  /** Says of a chunk where it came to lie, once that is known. */
  settle(number: number, { pack, offset, storedSize, method }: Omit<ChunkPlace, "size">): void {
    this.#packs[number] = pack;
    this.#offsets[number] = offset;
    this.#stored[number] = storedSize;
    this.#methods[number] = method;
  }

  /** The chunk with this sum, the last one that was added; null when there is none. */
  find(sum: Uint8Array): number | null {
    this.#slots ??= this.#indexed();
    const number = this.#slots[this.#slotOf(this.#slots, sum)] ?? none;
    return number === none ? null : number;
  }

  pack(number: number): number {
    return this.#packs[number] ?? 0;
  }

  size(number: number): number {
    return this.#sizes[number] ?? 0;
  }

  storedSize(number: number): number {
    return this.#stored[number] ?? 0;
  }

  place(number: number): ChunkPlace {
    return {
      pack: this.pack(number),
      offset: this.#offsets[number] ?? 0,
      storedSize: this.storedSize(number),
      method: (this.#methods[number] ?? 0) as ChunkMethod,
      size: this.size(number),
    };
  }

  /** Its SHA-256; not to be kept, since the table may move. */
  sum(number: number): Buffer {
    return this.#sums.subarray(number * sumBytes, (number + 1) * sumBytes);
  }

  #slotOf(slots: Int32Array, sum: Uint8Array): number {
    const mask = slots.length - 1;
    for (
      let slot = (((sum[0] ?? 0) << 24) | ((sum[1] ?? 0) << 16) | ((sum[2] ?? 0) << 8) | (sum[3] ?? 0)) & mask;
      ;
      slot = (slot + 1) & mask
    ) {
      const number = slots[slot] ?? none;
      if (number === none || this.#sums.compare(sum, 0, sumBytes, number * sumBytes, (number + 1) * sumBytes) === 0) return slot;
    }
  }

  #grow(): void {
    const larger = <T extends Int32Array | Float64Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const room = this.#packs.length * 2;
    this.#packs = larger(this.#packs, new Int32Array(room));
    this.#offsets = larger(this.#offsets, new Float64Array(room));
    this.#stored = larger(this.#stored, new Int32Array(room));
    this.#sizes = larger(this.#sizes, new Int32Array(room));
    this.#methods = larger(this.#methods, new Uint8Array(room));
    this.#sums = larger(this.#sums, Buffer.alloc(room * sumBytes));
    if (this.#slots) this.#slots = this.#indexed();
  }

  #indexed(): Int32Array {
    const slots = new Int32Array(this.#packs.length * 2).fill(none);
    for (let number = 0; number < this.#length; number += 1) slots[this.#slotOf(slots, this.sum(number))] = number;
    return slots;
  }
}
