import type { RestoreMode } from "../../../shared/enums.ts";
import type { MediaContent } from "../content.ts";
import { errnoOf } from "../storage/disk.ts";
import { type Forecast, TargetWalk } from "./forecast.ts";
import { parentsOf, topsOf } from "./selection.ts";

/** What a restore would do to one media folder. The numbers are null where the content has no list, or the folder cannot be read. */
export interface MediaForecast extends Forecast {
  readonly path: string;
  readonly exists: boolean;
}

const unknown: Forecast = { filesReplaced: null, filesAdded: null, filesRemoved: null, filesKept: null, bytes: null };

/**
 * Compares the list of the content with the folders as they are now, and touches nothing. Links count as files. Memory
 * is bounded by the names of the largest folders on the way. A path that the content does not hold is BAD_USER_INPUT.
 */
export async function planMedia(
  content: MediaContent,
  roots: readonly { readonly path: string; readonly prefix: string }[],
  paths: readonly string[] | null,
  mode: RestoreMode,
  signal: AbortSignal,
): Promise<MediaForecast[]> {
  const tops = paths && topsOf(paths);
  const isChosen = (path: string) => !tops || tops.has(path) || parentsOf(path).some((parent) => tops.has(parent));
  const walks = new Map(roots.map(({ path, prefix }) => [prefix, new TargetWalk(path, mode)]));
  const unreadable = new Set<TargetWalk>();
  const reading = async (walk: TargetWalk | undefined, read: (walk: TargetWalk) => Promise<unknown>) => {
    if (!walk || unreadable.has(walk)) return;
    await read(walk).catch((error: unknown) => {
      if (!errnoOf(error)) throw error;
      unreadable.add(walk);
    });
  };
  for (const walk of walks.values()) await reading(walk, () => walk.begin(!tops));
  for await (const entry of content.list?.(paths, signal) ?? []) {
    signal.throwIfAborted();
    const slash = entry.path.indexOf("/");
    const walk = walks.get(slash < 0 ? entry.path : entry.path.slice(0, slash));
    await reading(
      walk,
      () =>
        (slash < 0 ? walk?.top(isChosen(entry.path)) : walk?.take(entry.path.slice(slash + 1), entry, isChosen(entry.path))) ??
        Promise.resolve(),
    );
  }
  for (const walk of walks.values()) await reading(walk, () => walk.end());
  return roots.map(({ path, prefix }) => {
    const walk = walks.get(prefix);
    return { path, exists: walk?.exists ?? false, ...(content.list && walk && !unreadable.has(walk) ? walk.forecast : unknown) };
  });
}
