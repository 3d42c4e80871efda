/** After so many bytes the disk is asked to take them. */
const stretchBytes = 32 * 1024 * 1024;

/** Only one file at a time: a disk that is slow must not hold all threads that work on files. */
let busy = false;

/** Has the disk take a file while it is still being written, so that little is left to wait for at its end. */
export class WriteOut {
  readonly #sync: () => Promise<void>;
  #asked = 0;
  #underWay: Promise<void> = Promise.resolve();

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Tells how long the file is by now. */
  wrote(bytes: number): void {
    if (busy || bytes - this.#asked < stretchBytes) return;
    [this.#asked, busy] = [bytes, true];
    const before = this.#underWay;
    this.#underWay = this.#sync().finally(() => {
      busy = false;
    });
    // A disk tells of a failure once: it is kept until it is asked for.
    const both = Promise.all([before, this.#underWay]).then(() => {});
    both.catch(() => {});
    this.#underWay = both;
  }

  /** Resolves when nothing is under way any more; rejects with what failed. */
  settled(): Promise<void> {
    return this.#underWay;
  }
}
