import type { OperationKind } from "../../shared/enums.ts";
import type { OperationId } from "../domain/ids.ts";

/** An operation that has just ended, by itself or settled after a crash. */
export interface Ended {
  readonly kind: OperationKind;
  readonly id: OperationId;
}

/**
 * Something that has to happen after an operation ended: its schedule's run is settled, people are told, retention applied.
 * It must be harmless to call twice, and it must catch up by its own upkeep with what a crash came between.
 */
export type Follower = (ended: Ended) => Promise<void>;

/** Tells each follower in turn of each operation that ended; a failing one is reported and hinders nobody. */
export function createFollowers(onError: (error: unknown) => void) {
  const followers: Follower[] = [];
  let telling: Promise<void> = Promise.resolve();
  return {
    add(...added: readonly Follower[]): void {
      followers.push(...added);
    },
    /** Returns at once: the operation itself does not wait for what follows it. */
    tell(ended: Ended): void {
      telling = telling.then(async () => {
        for (const follow of followers) await follow(ended).catch(onError);
      });
    },
    /** Resolves when all that was told until now has been followed. */
    idle: (): Promise<void> => telling,
  };
}
export type Followers = ReturnType<typeof createFollowers>;
