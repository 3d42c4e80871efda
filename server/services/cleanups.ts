import type { Trigger } from "../../shared/enums.ts";
import type { BackupRow } from "../db/backups.ts";
import * as db from "../db/cleanups.ts";
import type { Db } from "../db/client.ts";
import { changeMark, readMark, writeMark } from "../db/marks.ts";
import { listAges } from "../db/retention.ts";
import { type Actor, allow, describeActor } from "../domain/access.ts";
import type { CleanupRecord, CleanupRequest } from "../domain/cleanup.ts";
import { Failure, notFound } from "../domain/errors.ts";
import { type BackupId, type CleanupId, newId } from "../domain/ids.ts";
import { checkLimit, checkRetention } from "../domain/retention-check.ts";
import { expiryOf } from "../domain/retention-rule.ts";
import type { SettingValues } from "../domain/settings.ts";
import type { Bus } from "../events/bus.ts";
import type { Audit } from "./audit.ts";
import { createCleanupPlans, defaultRetention } from "./cleanup-plan.ts";
import { type CleanupResult, type Preview, type PreviewRequest, previewOf, wouldDo } from "./cleanup-preview.ts";
import { createCleanupWork } from "./cleanup-work.ts";
import type { ClockWatch } from "./clock-watch.ts";
import type { Deletions } from "./deletions.ts";
import type { Ended } from "./followers.ts";
import type { Operations } from "./operations.ts";
import { firstOf } from "./paging.ts";
import type { Queue } from "./queue.ts";
import { watching } from "./watch.ts";

export type { CleanupRow } from "../db/cleanups.ts";
export type { CleanupResult, Preview, PreviewRequest } from "./cleanup-preview.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly operations: Operations;
  readonly deletions: Deletions;
  readonly clock: ClockWatch;
  readonly settings: { current(): Promise<SettingValues> };
  readonly queue: Queue;
  readonly now: () => Date;
}

export interface CleanupOptions {
  /** Instead of every limit by days, this once. */
  readonly days?: number | null;
  readonly dryRun: boolean;
  /** Also while deletion is paused. */
  readonly force?: boolean | null;
}

export type Cleanups = ReturnType<typeof createCleanups>;

/** Removes what no limit keeps: by itself after each backup and daily, and when somebody asks. */
export function createCleanups(dependencies: Dependencies) {
  const { catalog, bus, audit, operations, clock, settings, queue, now } = dependencies;
  const plan = createCleanupPlans(dependencies);
  const clean = createCleanupWork({ ...dependencies, plan });

  const existing = async (id: CleanupId): Promise<db.CleanupRow> => {
    const row = await db.findCleanup(catalog, id);
    if (!row) throw notFound("cleanup", id);
    return row;
  };

  /** Writes a cleanup down as waiting, unless one waits or runs: that one's id is then the answer to nobody else. */
  async function reserve(actor: Actor, request: CleanupRequest, trigger: Trigger): Promise<CleanupId | db.CleanupRow> {
    const id = newId<CleanupId>();
    const other = await catalog.transaction(
      async (tx) => {
        await changeMark(tx, "cleanup.began", () => now().toISOString());
        const [active] = await db.listActiveCleanups(tx);
        if (active) return active;
        await db.insertCleanup(tx, { id, trigger, actor: describeActor(actor), request, status: "QUEUED", createdAt: now() });
        return null;
      },
      { isolationLevel: "read committed" },
    );
    if (other) return other;
    bus.publish("cleanup", { id });
    return id;
  }

  async function perform(id: CleanupId, removed?: (row: BackupRow) => void): Promise<boolean> {
    const { request } = await existing(id);
    return operations.run(id, async (work) => {
      const paused = await clock.observe();
      if (paused !== null && !request?.force) throw pausedFailure(paused);
      await clean(id, request ?? { days: null, force: false }, work, removed);
    });
  }

  /** What nobody asked for: only if it is wanted, the clock is trusted, and there is something to remove. */
  async function automatically(name: string): Promise<void> {
    if (!(await settings.current()).autoCleanup || (await clock.observe()) !== null) return;
    if ((await plan()).planned.every(({ verdict }) => verdict.keep && verdict.leaves.length === 0)) return;
    const id = await reserve({ kind: "schedule", name, role: "ADMIN" }, { days: null, force: false }, "SCHEDULE");
    if (typeof id === "string") await queue.add("cleanup", id);
  }

  /** Removes now; when another cleanup waits, for want of a worker perhaps, that one goes first. */
  async function remove(actor: Actor, request: CleanupRequest, trigger: Trigger, patience = 1): Promise<CleanupResult> {
    const reserved = await reserve(actor, request, trigger);
    if (typeof reserved !== "string") {
      if (patience > 0 && reserved.status === "QUEUED" && (await perform(reserved.id)))
        return remove(actor, request, trigger, patience - 1);
      throw new Failure("CONFLICT", "A cleanup is running.", "Wait until it has ended.");
    }
    const backups: BackupRow[] = [];
    await perform(reserved, (row) => backups.push(row));
    const { record, status, errorCode, errorMessage, errorHint, freedBytes } = await existing(reserved);
    await audit.record(actor, "cleanup", null, { id: reserved, ...request, removed: record?.removed.length ?? 0, freedBytes });
    if (status !== "COMPLETED")
      throw new Failure(errorCode ?? "INTERNAL", errorMessage ?? "The cleanup did not complete.", errorHint ?? undefined);
    return { dryRun: false, cleanupId: reserved, backups, freedBytes, ...(record ?? nothing), copies: record?.copies ?? [] };
  }

  return {
    existing,
    perform: (id: CleanupId): Promise<boolean> => perform(id),

    /** What a cleanup would do now, or would with other limits; nothing is touched. */
    async preview(actor: Actor | null, { retention, ...request }: PreviewRequest): Promise<Preview> {
      allow(actor, "read");
      checkLimit("days", request.days);
      const tried = retention ? checkRetention(retention) : null;
      return previewOf(await plan({ ...request, retention: tried }), (await clock.state()).paused);
    },

    /** Removes now what the limits let go; with `dryRun` only says what that would be. */
    async cleanup(actor: Actor | null, { days = null, dryRun, force }: CleanupOptions, trigger: Trigger): Promise<CleanupResult> {
      allow(actor, "cleanup");
      checkLimit("days", days);
      if (dryRun) return wouldDo(catalog, (await plan({ days })).planned);
      const paused = await clock.observe();
      if (paused !== null && !force) throw pausedFailure(paused);
      return remove(actor, { days, force: force ?? false }, trigger);
    },

    async find(actor: Actor | null, id: CleanupId): Promise<db.CleanupRow | null> {
      allow(actor, "read");
      return db.findCleanup(catalog, id);
    },

    async page(actor: Actor | null, first: number, after: string | null) {
      allow(actor, "read");
      return db.pageCleanups(catalog, firstOf(first), after);
    },

    async watchChanges(actor: Actor | null) {
      allow(actor, "read");
      return watching(bus.subscribe("cleanup"), async function* (events) {
        for await (const { id } of events) {
          const row = await db.findCleanup(catalog, id);
          if (row) yield row;
        }
      });
    },

    /** What the limit by days says of each of these backups: when it lets it go, if it keeps it. */
    async expiries(ids: readonly BackupId[]) {
      const [rows, limits] = [await listAges(catalog, ids), defaultRetention(await settings.current())];
      return rows.map(({ id, retention, pinned, createdAt }) => {
        const at = expiryOf({ createdAt, retention: retention ?? limits });
        return { id, expiresAt: !pinned && at > now() ? at : null };
      });
    },

    /** Deletion goes on although the clock jumped. */
    resume: (actor: Actor | null): Promise<boolean> => clock.resume(actor),

    /** A cleanup whose worker is gone: what it removed is removed, and what it began to remove is gone on with. */
    settle: async (_id: CleanupId): Promise<Failure | null> =>
      new Failure("INTERRUPTED", "Holdfast stopped while this cleanup was running.", "What is left is removed by the next one."),

    /** After each backup that completed. */
    async follow({ kind, id: _ }: Ended): Promise<void> {
      if (kind === "BACKUP") await automatically("cleanup after a backup");
    },

    /** Looks at the clock every minute, and cleans up once a day. */
    async upkeep(): Promise<void> {
      await clock.observe();
      const day = now().toISOString().slice(0, 10);
      if ((await readMark<string>(catalog, "cleanup.daily")) === day) return;
      await automatically("daily cleanup");
      await writeMark(catalog, "cleanup.daily", day);
    },
  };
}

const pausedFailure = (reason: string) =>
  new Failure("CONFLICT", reason, "If the clock is right now, let deletion go on (resumeCleanup), or use --force this once.", {
    reason: "CLOCK",
  });

const nothing: CleanupRecord = { removed: [], refused: [], kept: 0 };
