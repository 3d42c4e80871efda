import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { RestoreMode } from "../../../shared/enums.ts";
import type { ListedEntry } from "../content.ts";
import { errnoOf } from "../storage/disk.ts";
import { ours } from "./moves.ts";

/** Counts of files, links among them. */
export interface Forecast {
  readonly filesReplaced: number | null;
  readonly filesAdded: number | null;
  readonly filesRemoved: number | null;
  readonly filesKept: number | null;
  /** Of the files that are to be written. */
  readonly bytes: number | null;
}

/** A folder of the content, and what lies in the target's at that place. */
interface Folder {
  readonly path: string;
  /** Its names that the content has not named yet; null when there is no such folder. */
  readonly names: Map<string, "folder" | "file"> | null;
  /** What stands there is no folder and stays, so nothing of the content comes there. */
  readonly blocked: boolean;
  /** What the content does not name in it goes. */
  readonly isExact: boolean;
}

/** Goes through a media folder beside the list of what is to come into it. */
export class TargetWalk {
  readonly #root: string;
  readonly #mode: RestoreMode;
  readonly #counts = { filesReplaced: 0, filesAdded: 0, filesRemoved: 0, filesKept: 0, bytes: 0 };
  /** The folders on the way to the last entry. */
  #open: Folder[] = [];
  exists = false;

  constructor(root: string, mode: RestoreMode) {
    [this.#root, this.#mode] = [root, mode];
  }

  get forecast(): Forecast {
    return this.#counts;
  }

  async begin(isChosen: boolean): Promise<void> {
    const names = await this.#namesIn("");
    for (const name of names?.keys() ?? []) if (ours.test(name)) names?.delete(name);
    this.exists = names !== null;
    this.#open = [{ path: "", names, blocked: false, isExact: isChosen && this.#mode === "REPLACE" }];
  }

  /** The root's own entry. */
  async top(isChosen: boolean): Promise<void> {
    const [root] = this.#open;
    if (root && isChosen) this.#open = [{ ...root, isExact: this.#mode === "REPLACE" }];
  }

  /** An entry at `path` below the root; all of a folder comes after the folder and before anything else. */
  async take(path: string, entry: ListedEntry, isChosen: boolean): Promise<void> {
    const name = path.slice(path.lastIndexOf("/") + 1);
    await this.#leave(path.slice(0, Math.max(path.length - name.length - 1, 0)));
    const folder = this.#open.at(-1);
    if (!folder) return;
    const there = folder.names?.get(name);
    folder.names?.delete(name);
    if (entry.kind === "DIRECTORY") await this.#enter(folder, path, there, isChosen);
    else if (!folder.blocked) await this.#file(path, entry, there);
  }

  async end(): Promise<void> {
    while (this.#open.length > 0) await this.#close();
  }

  async #enter(parent: Folder, path: string, there: "folder" | "file" | undefined, isChosen: boolean): Promise<void> {
    const stays = there === "file" && this.#mode === "PRESERVE";
    if (there === "file") this.#counts[stays ? "filesKept" : "filesRemoved"] += 1;
    const names = there === "folder" ? await this.#namesIn(path) : null;
    this.#open.push({ path, names, blocked: parent.blocked || stays, isExact: isChosen && this.#mode === "REPLACE" });
  }

  async #file(path: string, entry: ListedEntry, there: "folder" | "file" | undefined): Promise<void> {
    if (there && this.#mode === "PRESERVE") {
      this.#counts.filesKept += there === "folder" ? await this.#countIn(path) : 1;
      return;
    }
    if (there === "folder") this.#counts.filesRemoved += await this.#countIn(path);
    this.#counts[there === "file" ? "filesReplaced" : "filesAdded"] += 1;
    this.#counts.bytes += entry.size;
  }

  /** Closes the folders that `path` does not lie in. */
  async #leave(path: string): Promise<void> {
    for (
      let last = this.#open.at(-1);
      last && last.path !== path && !path.startsWith(`${last.path}/`) && last.path !== "";
      last = this.#open.at(-1)
    )
      await this.#close();
  }

  async #close(): Promise<void> {
    const folder = this.#open.pop();
    for (const [name, kind] of folder?.names ?? []) {
      const files = kind === "folder" ? await this.#countIn(folder?.path ? `${folder.path}/${name}` : name) : 1;
      this.#counts[folder?.isExact ? "filesRemoved" : "filesKept"] += files;
    }
  }

  async #countIn(path: string): Promise<number> {
    let files = 0;
    for (const [name, kind] of (await this.#namesIn(path)) ?? []) files += kind === "folder" ? await this.#countIn(`${path}/${name}`) : 1;
    return files;
  }

  /** Names with what they are, links as files; null when there is no such folder. */
  async #namesIn(path: string): Promise<Map<string, "folder" | "file"> | null> {
    try {
      const entries = await readdir(join(this.#root, path), { withFileTypes: true });
      return new Map(entries.map((entry) => [entry.name, entry.isDirectory() ? "folder" : "file"]));
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return null;
      throw error;
    }
  }
}
