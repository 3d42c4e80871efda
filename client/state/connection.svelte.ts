/** Whether what is shown is fresh. A short break is not worth a word; a longer one is said, with the time of the last news. */
class Connection {
  lost = $state(false);
  lastHeard = $state.raw(new Date());
  #opened = false;
  #grace: ReturnType<typeof setTimeout> | undefined;

  heard() {
    this.lastHeard = new Date();
  }

  /** True when the line had been open before, so that what is shown may be old. */
  opened(): boolean {
    clearTimeout(this.#grace);
    const again = this.#opened;
    this.#opened = true;
    this.lost = false;
    this.heard();
    return again;
  }

  broke() {
    clearTimeout(this.#grace);
    this.#grace = setTimeout(() => {
      this.lost = true;
    }, 1500);
  }

  forget() {
    clearTimeout(this.#grace);
    this.#opened = false;
    this.lost = false;
  }
}

export const connection = new Connection();
