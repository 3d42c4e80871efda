import { setTimeout as sleep } from "node:timers/promises";
import { type Actor, allow } from "../domain/access.ts";
import { Failure, messageOf } from "../domain/errors.ts";
import { type Health, type HealthCheck, healthOf, standingOf } from "../domain/health.ts";
import type { Bus } from "../events/bus.ts";
import type { HealthGroup, Look } from "./health/look.ts";
import { watching } from "./watch.ts";

interface Dependencies {
  readonly groups: readonly HealthGroup[];
  readonly bus: Bus;
  readonly now: () => Date;
  /** Hears of what nobody foresaw in a check. */
  readonly onError: (error: unknown) => void;
  /** The longest that one check may take. */
  readonly deadlineMilliseconds?: number;
}

export type HealthService = ReturnType<typeof createHealth>;

/** A storage or a server that is away costs at most this. */
const usualDeadline = 5_000;
/** How long an answer is kept, and how often upkeep looks. */
const keptMilliseconds = 2 * 60_000;
const lookEveryMilliseconds = 5 * 60_000;
/** Looks that wait for others' answers at a time: a hundred sources are not asked all at once. */
const atOnce = 16;

/** What is wrong with the whole, and how to mend it. */
export function createHealth({ groups, bus, now, onError, deadlineMilliseconds = usualDeadline }: Dependencies) {
  let last: { readonly at: number; readonly health: Promise<Health> } | null = null;
  let looking: Promise<Health> | null = null;
  /** Looks that have not ended, though nobody waits for them any more. */
  const pending = new Map<string, Promise<readonly HealthCheck[]>>();
  let told: string | null = null;

  /** What one look found; one that takes too long, or fails in a way that nobody foresaw, says so itself. */
  async function found(look: Look): Promise<readonly HealthCheck[]> {
    const { check, subject, subjectId, place } = look;
    const key = `${check} ${subjectId ?? subject}`;
    // What hangs is not asked once more each time: it would hang as often.
    const work = pending.get(key) ?? look.look().finally(() => pending.delete(key));
    pending.set(key, work);
    work.catch(() => {});
    const problem = (message: string, hint: string | null): HealthCheck[] => [
      { check, severity: "WARNING", subject, subjectId, message, hint, place, command: null },
    ];
    const over = new AbortController();
    const late = sleep(deadlineMilliseconds, undefined, { signal: over.signal, ref: false }).then(() =>
      problem(
        `It did not answer within ${deadlineMilliseconds / 1000} seconds.`,
        "Look again in a while; if it stays so, look at what it is about.",
      ),
    );
    late.catch(() => {});
    try {
      return await Promise.race([work, late]);
    } catch (error) {
      if (!(error instanceof Failure)) onError(error);
      return problem(`It could not be looked at: ${messageOf(error)}`, error instanceof Failure ? (error.hint ?? null) : null);
    } finally {
      over.abort();
    }
  }

  async function looks(): Promise<Look[]> {
    const lists = await Promise.all(
      groups.map(async ({ name, looks }): Promise<readonly Look[]> => {
        try {
          return await looks();
        } catch (error) {
          const look = () => Promise.reject(error);
          return [{ check: `${name}.list`, subject: `Holdfast's ${name}`, subjectId: null, place: null, look }];
        }
      }),
    );
    return lists.flat();
  }

  async function lookNow(): Promise<Health> {
    const waiting = (await looks()).values();
    const checks: HealthCheck[] = [];
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (const look of waiting) checks.push(...(await found(look)));
      }),
    );
    const health = healthOf(now(), checks);
    const standing = standingOf(health);
    if (told !== standing) bus.publish("health", { id: "health" });
    told = standing;
    return health;
  }

  /** What was found no longer ago than `age`, or is found now; who asks while somebody looks gets the same answer. */
  function within(age: number): Promise<Health> {
    const at = now().getTime();
    if (last && (last.health === looking || Math.abs(at - last.at) <= age)) return last.health;
    const fresh = { at, health: lookNow() };
    last = fresh;
    looking = fresh.health;
    const ended = () => {
      if (looking === fresh.health) looking = null;
    };
    fresh.health.then(ended, ended);
    // A failed look is not kept.
    fresh.health.catch(() => {
      if (last === fresh) last = null;
    });
    return fresh.health;
  }

  return {
    /** What was found in the last minutes; with `fresh`, what is found now. */
    async read(actor: Actor | null, fresh = false): Promise<Health> {
      allow(actor, "read");
      return within(fresh ? -1 : keptMilliseconds);
    },

    /** The last answer, without a look; null before the first. */
    known: async (): Promise<Health | null> => (await last?.health.catch(() => null)) ?? null,

    /** What was found each time that it differs from before. */
    async watchChanges(actor: Actor | null) {
      allow(actor, "read");
      return watching(bus.subscribe("health"), async function* (events) {
        for await (const _ of events) yield await within(keptMilliseconds);
      });
    },

    /** Looks now and then by itself, so that whoever watches hears of what nobody asked for. */
    async upkeep(): Promise<void> {
      await within(lookEveryMilliseconds);
    },
  };
}
