import { setInterval } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Db } from "../db/client.ts";
import { changeMark, readMark } from "../db/marks.ts";
import { newId, type SourceId } from "../domain/ids.ts";
import { thisWorker, workerIsGone } from "./worker.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

interface Turn {
  readonly worker: string;
  readonly until: string;
}
type Turns = Readonly<Record<SourceId, Turn>>;

const mark = "packs.turns";
const leaseMilliseconds = 60_000;
const renewMilliseconds = 10_000;
/** What is still to be left of a lease when something is removed under it. */
const marginMilliseconds = 20_000;
const askAgainMilliseconds = 250;

export type PackTurns = ReturnType<typeof createPackTurns>;

/**
 * Keeps apart who removes packs of a source that nobody needs, and who writes manifests that may need them: in all processes
 * together. A backup or copy that runs looks here before it looks at packs; who removes them looks for such an operation after
 * the turn is taken. So whoever comes second sees the first.
 */
export function createPackTurns({ catalog, now, onError }: Dependencies) {
  const worker = `${thisWorker()} ${newId()}`;
  const until = () => new Date(now().getTime() + leaseMilliseconds).toISOString();
  const isLive = (turn: Turn | undefined): boolean =>
    turn !== undefined && new Date(turn.until) > now() && (turn.worker === worker || !workerIsGone(turn.worker));
  const without = (turns: Turns | null, sourceId: SourceId): Turns => {
    const { [sourceId]: _, ...others } = turns ?? {};
    return others;
  };
  const own = new Set<SourceId>();

  async function take(sourceId: SourceId): Promise<boolean> {
    if (own.has(sourceId)) return false;
    own.add(sourceId);
    let taken = false;
    try {
      await changeMark<Turns>(catalog, mark, (turns) => {
        taken = !isLive(turns?.[sourceId]) || turns?.[sourceId]?.worker === worker;
        return taken ? { ...turns, [sourceId]: { worker, until: until() } } : (turns ?? {});
      });
      return taken;
    } finally {
      if (!taken) own.delete(sourceId);
    }
  }

  const release = async (sourceId: SourceId) => {
    await changeMark<Turns>(catalog, mark, (turns) =>
      turns?.[sourceId]?.worker === worker ? without(turns, sourceId) : (turns ?? {}),
    ).catch(onError);
    own.delete(sourceId);
  };

  return {
    /**
     * Does the work while no other process removes packs of the source; false, and nothing is done, where one does. `holds` is to
     * be asked right before each removal: it rejects once the turn is not surely ours any more.
     */
    async whileOurs(sourceId: SourceId, work: (holds: () => void) => Promise<void>): Promise<boolean> {
      if (!(await take(sourceId))) return false;
      let sure = now().getTime() + leaseMilliseconds;
      const renew = async () => {
        const next = until();
        const turns = await changeMark<Turns>(catalog, mark, (all) =>
          all?.[sourceId]?.worker === worker && isLive(all[sourceId]) ? { ...all, [sourceId]: { worker, until: next } } : (all ?? {}),
        );
        if (turns[sourceId]?.until === next) sure = Date.parse(next);
      };
      const renewing = setInterval(() => void renew().catch(onError), renewMilliseconds);
      try {
        await work(() => {
          if (now().getTime() > sure - marginMilliseconds)
            throw new Error("The catalog was away for too long: what nobody needs is removed the next time.");
        });
        return true;
      } finally {
        clearInterval(renewing);
        await release(sourceId);
      }
    },

    /** Resolves when nobody removes packs of the source any more. To be awaited by an operation that runs already. */
    async untilFree(sourceId: SourceId, signal: AbortSignal): Promise<void> {
      while (isLive((await readMark<Turns>(catalog, mark))?.[sourceId])) await sleep(askAgainMilliseconds, undefined, { signal });
    },
  };
}
