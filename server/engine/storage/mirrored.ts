import { Failure, messageOf } from "../../domain/errors.ts";
import { abortable } from "../abortable.ts";
import { share } from "../handed-over.ts";
import { overdue, within } from "../patience.ts";
import { createLane } from "./lane.ts";
import type { PutOptions, Storage } from "./storage.ts";

/** One of the storages that are written at once. */
export interface MirrorTarget {
  readonly id: string;
  /** What a person calls it. */
  readonly name: string;
  readonly storage: Storage;
}

/** What became of a target: `failure` is why it was dropped; null: it has all that was put. */
export interface MirrorOutcome {
  readonly id: string;
  readonly name: string;
  readonly failure: Error | null;
}

export interface Mirrored extends Storage {
  /** Each target as it fares now, once those that were dropped have been cleared. */
  outcomes(): Promise<readonly MirrorOutcome[]>;
  /** Gives a target up: nothing more is written to it, and what it has of this is removed. */
  drop(id: string, failure: Error): void;
}

interface Options {
  /**
   * The backup's own folder: of what is put elsewhere only the names are taken away from a target that is dropped, since others
   * may be writing beside them. Left out: nobody else writes anywhere.
   */
  readonly own?: string;
  /** Told of each target that is dropped, when it is. */
  readonly onDropped?: (name: string, failure: Error) => void;
  /** How long a target may take no byte, or not end, before it is given up so that the others go on. Adapters give up sooner. */
  readonly patienceMilliseconds?: number;
}

interface Mirror extends MirrorTarget {
  readonly aborting: AbortController;
  /** What was begun to be stored there, in that order. */
  readonly names: string[];
  failure: Error | null;
  /** The end of what is being written there. */
  writing: Promise<void>;
  cleared: Promise<void>;
}

const usualPatience = 10 * 60_000;
/** What is waited for a target that was given up or aborted: a well-behaved one ends at once. */
const graceMilliseconds = 30_000;

/**
 * Several storages as one, for one backup: what is put is read once and written to all, in step with the slowest. A target that
 * fails is dropped, and what it had removed; the others go on. Only when none is left does `put` reject, with the failure of the
 * first. A put is on all that are left when it resolves. All else is done on those that are left.
 */
export function mirrored(
  targets: readonly MirrorTarget[],
  { own, onDropped = () => {}, patienceMilliseconds = usualPatience }: Options = {},
): Mirrored {
  const mirrors: Mirror[] = targets.map((target) => ({
    ...target,
    ...{ aborting: new AbortController(), names: [], failure: null, writing: Promise.resolve(), cleared: Promise.resolve() },
  }));
  const left = () => mirrors.filter(({ failure }) => failure === null);

  function drop(mirror: Mirror, failure: Error): void {
    if (mirror.failure) return;
    mirror.failure = failure;
    mirror.aborting.abort(failure);
    onDropped(mirror.name, failure);
    mirror.cleared = within(graceMilliseconds, mirror.writing).then(() => within(graceMilliseconds, clear(mirror, own)));
  }

  /** Does it on all that are left; one that cannot is dropped. Rejects when there are none any more. */
  async function onAll<T>(work: (storage: Storage) => Promise<T>): Promise<T[]> {
    const before = left();
    const done = await Promise.all(
      before.map(async (mirror) => [await work(mirror.storage).catch((error: unknown) => drop(mirror, asError(error)))] as const),
    );
    const [first] = before;
    if (first && left().length === 0) throw first.failure;
    return done.flatMap(([result], index) => (before[index]?.failure ? [] : [result as T]));
  }

  async function put(name: string, bytes: AsyncIterable<Uint8Array>, { signal, expected = null }: PutOptions): Promise<void> {
    const goal = left().map((mirror) => {
      mirror.names.push(name);
      const lane = createLane();
      const both = AbortSignal.any([signal, mirror.aborting.signal]);
      const written = mirror.storage.put(name, lane.bytes, { signal: both, expected });
      const done = written.then(
        () => lane.close(),
        (error: unknown) => {
          lane.close();
          // What the source or the signal made fail is not the target's fault.
          if (signal.aborted || lane.broken) return;
          // Somebody else's is not cleared away.
          if (error instanceof Failure && error.code === "CONFLICT") mirror.names.pop();
          drop(mirror, asError(error));
        },
      );
      mirror.writing = done;
      return { mirror, lane, done };
    });
    const alive = () => goal.filter(({ mirror }) => mirror.failure === null);
    const patience = async (each: (typeof goal)[number], wait: Promise<void>) => {
      if (await overdue(wait, patienceMilliseconds)) drop(each.mirror, stalled(each.mirror.name, patienceMilliseconds));
    };
    try {
      for await (const chunk of abortable(bytes, signal)) {
        const full = alive().filter(({ lane }) => lane.full);
        if (full.length > 0) await Promise.all(full.map((each) => patience(each, each.lane.room())));
        if (goal.length > 1) share(chunk);
        for (const { lane } of alive()) lane.give(chunk);
        if (alive().length === 0) break;
      }
      for (const { lane } of goal) lane.end();
      await Promise.all(alive().map((each) => patience(each, each.done)));
    } catch (error) {
      for (const { lane } of goal) lane.break(error);
      await within(graceMilliseconds, Promise.allSettled(goal.map(({ done }) => done)));
      throw error;
    }
    signal.throwIfAborted();
    if (left().length === 0) throw mirrors[0]?.failure ?? new Error("There is no storage to write to.");
  }

  return {
    put,
    drop(id, failure) {
      const mirror = mirrors.find((one) => one.id === id);
      if (mirror) drop(mirror, failure);
    },
    async outcomes() {
      await Promise.all(mirrors.map(({ cleared }) => cleared));
      return mirrors.map(({ id, name, failure }) => ({ id, name, failure }));
    },
    async get(name, range) {
      for (const { storage } of left().slice(0, -1)) if ((await storage.size(name)) !== null) return storage.get(name, range);
      return theLast(left()).storage.get(name, range);
    },
    async size(name) {
      const sizes = await onAll((storage) => storage.size(name));
      return sizes.includes(null) ? null : Math.min(...sizes.map((size) => size ?? 0));
    },
    async *list(prefix) {
      const entries = new Map((await onAll((storage) => listed(storage, prefix))).flat().map((entry) => [entry.name, entry]));
      yield* entries.values();
    },
    async remove(name) {
      await onAll((storage) => storage.remove(name));
      await Promise.all(mirrors.map(({ cleared }) => cleared));
    },
    async sweep(prefix) {
      await onAll((storage) => storage.sweep(prefix));
    },
    async free() {
      const all = await onAll((storage) => storage.free());
      const known = all.filter((bytes) => bytes !== null);
      return known.length > 0 ? Math.min(...known) : null;
    },
    async check() {
      await onAll((storage) => storage.check());
    },
  };
}

/** Removes what a dropped target has: the last first, since the last is what makes it a backup. What it refuses is left for later. */
async function clear({ storage, names }: Mirror, own: string | undefined): Promise<void> {
  for (const name of names.toReversed()) await storage.remove(name).catch(() => {});
  const folders = new Set(own === undefined ? names.map((name) => name.slice(0, name.lastIndexOf("/") + 1)) : [`${own}/`]);
  for (const folder of folders) await storage.sweep(folder).catch(() => {});
}

/** The names of one backup: never many. */
async function listed(storage: Storage, prefix: string): Promise<{ name: string; size: number }[]> {
  const entries = [];
  for await (const entry of storage.list(prefix)) entries.push(entry);
  return entries;
}

function theLast(left: readonly Mirror[]): Mirror {
  const last = left.at(-1);
  if (!last) throw new Error("There is no storage to read from.");
  return last;
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(messageOf(error)));

const stalled = (name: string, milliseconds: number) =>
  new Failure(
    "STORAGE_UNAVAILABLE",
    `The storage ${name} has taken nothing for ${Math.round(milliseconds / 1000)} seconds.`,
    "Check its connection. The backup went on without it, and is copied to it later.",
    { reason: "STALLED" },
  );
