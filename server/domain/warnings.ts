import { formatCount } from "../../shared/format.ts";
import type { Manifest } from "./manifest.ts";

const outside = /^Table (?<name>.+) \((?<engine>[^()]*)\) is outside the consistent snapshot/s;
/** As many are told one by one. */
const several = 3;

/** What a completed backup does not hold as it should, as sentences for a person; empty when it holds all. */
export function warningsOf({ database, media }: Pick<Manifest, "database" | "media">): string[] {
  const notes = database?.notes ?? [];
  const tables = notes.flatMap((note) => outside.exec(note)?.groups?.name ?? []);
  const together = tables.length > several;
  return [
    ...notes.filter((note) => !(together && outside.test(note))),
    ...(together
      ? [
          `${formatCount(tables.length, "table")}, such as ${tables.slice(0, several).join(", ")}, are outside the consistent snapshot: each is as it was when the dump came to it.`,
        ]
      : []),
    ...mediaWarnings(media?.problems ?? []),
  ];
}

/** The last problem of a long list has no path and says how many more there are. */
function mediaWarnings(problems: readonly { readonly path: string; readonly problem: string }[]): string[] {
  const named = problems.filter(({ path }) => path !== "");
  const more = Number(/\d+/.exec(problems.find(({ path }) => path === "")?.problem ?? "")?.[0] ?? 0);
  const count = named.length + more;
  if (count <= several) return named.map(({ path, problem }) => `${path} ${problem}.`);
  const examples = named.slice(0, several).map(({ path, problem }) => `${path} (${problem})`);
  return [`${formatCount(count, "file")} could not be stored as they were, such as ${examples.join(", ")}.`];
}

/** The storages on which a backup is not, although it is to be. */
export const copyWarnings = (copies: readonly { readonly storage: string; readonly problem: string | null }[]): string[] =>
  copies.flatMap(({ storage, problem }) => (problem === null ? [] : [`It is not on ${storage}: ${problem}`]));
