import type { MediaSummary } from "../../domain/manifest.ts";
import type { Entry } from "./entry.ts";

const mostProblems = 1000;

/** Counts what goes into an archive, and keeps the list of what did not go in as it was. */
export class Tally {
  readonly #counts = { file: 0, directory: 0, link: 0 };
  readonly #problems: { readonly path: string; readonly problem: string }[] = [];
  #more = 0;
  /** The name in the archive of what went in last. */
  item: string | null = null;

  count(kind: Entry["kind"], item: string): void {
    this.#counts[kind] += 1;
    this.item = item;
  }

  problem(path: string, problem: string): void {
    if (this.#problems.length < mostProblems) this.#problems.push({ path, problem });
    else this.#more += 1;
  }

  summary(): Omit<MediaSummary, "roots"> {
    const { file, directory, link } = this.#counts;
    const rest = this.#more ? [{ path: "", problem: `and ${this.#more} more like these` }] : [];
    return { index: null, packs: null, files: file, directories: directory, links: link, problems: [...this.#problems, ...rest] };
  }
}
