import { nothingTicked, parseTicked, type Ticked, withPath, withTables } from "../lib/ticked.ts";

const keyOf = (backupId: string) => `holdfast.ticked.${backupId}`;

/** What is ticked in one backup, kept for this visit: the browser of it and the restore wizard both read it. */
export class Ticks {
  readonly #key: string;
  #now = $state.raw<Ticked>(nothingTicked);

  constructor(backupId: string) {
    this.#key = keyOf(backupId);
    this.#now = parseTicked(sessionStorage.getItem(this.#key));
  }

  get now(): Ticked {
    return this.#now;
  }

  tickTables(names: readonly string[], on: boolean) {
    this.#keep({ ...this.#now, tables: withTables(this.#now.tables, names, on) });
  }

  tickPath(path: string, on: boolean) {
    this.#keep({ ...this.#now, paths: withPath(this.#now.paths, path, on) });
  }

  clear() {
    this.#keep(nothingTicked);
  }

  #keep(ticked: Ticked) {
    this.#now = ticked;
    sessionStorage.setItem(this.#key, JSON.stringify(ticked));
  }
}
