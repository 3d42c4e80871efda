import { formatCount } from "../../shared/format.ts";
import { listActiveBackups } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { lockBackup } from "../db/deletions.ts";
import type { RestoreFilter, RestoreRow } from "../db/restores.ts";
import * as db from "../db/restores.ts";
import { listUnsettledRestores } from "../db/restores.ts";
import { lockSource, type SourceRow } from "../db/sources.ts";
import { findUploads, type UploadRow } from "../db/uploads.ts";
import { type Actor, allow, describeActor } from "../domain/access.ts";
import { Failure, messageOf, notFound } from "../domain/errors.ts";
import { newId, type RestoreId, type UploadId } from "../domain/ids.ts";
import type { ClientTools } from "../engine/part.ts";
import type { Bus } from "../events/bus.ts";
import type { Audit } from "./audit.ts";
import type { Backups } from "./backups.ts";
import type { Operations } from "./operations.ts";
import { firstOf } from "./paging.ts";
import type { Queue } from "./queue.ts";
import { createRestoreRequests, nameOf, type RestoreRequest, type UploadContents } from "./restore-request.ts";
import { createRestoreWork } from "./restore-work.ts";
import type { Sources } from "./sources.ts";
import type { StoredBackups } from "./stored-backups.ts";
import { watching } from "./watch.ts";

export type { RestoreRow } from "../db/restores.ts";
export type { RestoreRequest } from "./restore-request.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly audit: Audit;
  readonly operations: Operations;
  readonly backups: Backups;
  readonly sources: Sources;
  readonly storedBackups: Pick<StoredBackups, "openToRestore">;
  readonly queue: Queue;
  readonly tools: () => Promise<ClientTools>;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
  /** Where uploads are read from; null where they cannot be restored. */
  readonly uploads: UploadContents | null;
}

export type Restores = ReturnType<typeof createRestores>;

/** Puts backups back. */
export function createRestores(dependencies: Dependencies) {
  const { catalog, bus, audit, operations, queue, now, onError } = dependencies;
  const requests = createRestoreRequests(dependencies);
  const { put, repair } = createRestoreWork({ ...dependencies, requests });

  const existing = async (id: RestoreId): Promise<RestoreRow> => {
    const row = await db.findRestore(catalog, id);
    if (!row) throw new Failure("NOT_FOUND", `There is no restore ${id}.`);
    return row;
  };

  return {
    existing,
    /** What the request names, and what stands in its way; nothing is touched. */
    async look(actor: Actor | null, request: RestoreRequest) {
      allow(actor, "restore");
      const restore = await requests.resolve(request);
      const problems: Failure[] = [];
      for await (const problem of requests.problems(restore)) problems.push(problem);
      const busy = await busyFailure(catalog, restore.target);
      return {
        restore,
        problems: busy ? [...problems, busy] : problems,
        target: problems.length ? null : await requests.targetIn(restore, false),
      };
    },

    async create(actor: Actor | null, request: RestoreRequest): Promise<RestoreRow> {
      allow(actor, "restore");
      const restore = await requests.resolve(request);
      for await (const problem of requests.problems(restore)) throw problem;
      const { backup, uploadIds, target, type, mode, tables, paths, targetDatabase, rewrites, staged, backupBeforeRestore } = restore;
      const { skipBinaryLog } = restore;
      const known = request.id ? await db.findRestore(catalog, request.id) : null;
      if (known) return known;
      const id = request.id ?? newId<RestoreId>();
      const name = nameOf(request, restore.name);
      await catalog.transaction(async (tx) => {
        await lockSource(tx, target.id);
        // Held, so that it cannot be deleted at this moment.
        if (backup && !(await lockBackup(tx, backup.id))) throw notFound("backup", backup.id);
        const busy = await busyFailure(tx, target);
        if (busy) throw busy;
        await db.insertRestore(tx, {
          ...{ id, name, type, mode, staged, backupBeforeRestore, tables, paths, targetDatabase, uploadIds, rewrites },
          skipBinaryLog,
          actor: describeActor(actor),
          backupId: backup?.id ?? null,
          targetSourceId: target.id,
          status: "QUEUED",
          createdAt: now(),
        });
      });
      await audit.record(actor, "restore.create", name, {
        id,
        target: target.name,
        backupId: backup?.id ?? null,
        type,
        mode,
        tables,
        paths,
        targetDatabase,
        skipBinaryLog,
      });
      bus.publish("restore", { id });
      await queue.add("restore", id);
      return existing(id);
    },

    /** Puts the restore that waits under `id` into effect, as its operation. */
    async perform(id: RestoreId): Promise<boolean> {
      const row = await existing(id);
      const actor: Actor = { kind: "cli", name: row.actor, role: "ADMIN" };
      return operations.run(id, (work) => put(row, actor, work));
    },

    async find(actor: Actor | null, id: RestoreId): Promise<RestoreRow | null> {
      allow(actor, "read");
      return db.findRestore(catalog, id);
    },

    /** The uploads of a restore that are still there. */
    uploadsOf: (ids: readonly UploadId[] | null): Promise<UploadRow[]> => findUploads(catalog, ids ?? []),

    async page(actor: Actor | null, filter: RestoreFilter, first: number, after: string | null) {
      allow(actor, "read");
      return db.pageRestores(catalog, filter, firstOf(first), after);
    },

    async watchChanges(actor: Actor | null) {
      allow(actor, "read");
      return watching(bus.subscribe("restore"), async function* (events) {
        for await (const { id } of events) {
          const row = await db.findRestore(catalog, id);
          if (row) yield row;
        }
      });
    },

    /** Decides what became of a restore whose worker is gone, after putting its target right: null when it had been completed. */
    async settle(id: RestoreId): Promise<Failure | null> {
      const row = await existing(id);
      const committed = row.journal?.state === "committed";
      try {
        await repair(row);
      } catch (error) {
        onError(error);
        const state = committed
          ? "The target holds the backup, but what was left of the old could not be removed yet"
          : "The target could not be put right yet";
        return new Failure(
          "INTERRUPTED",
          `Holdfast stopped while this restore was running. ${state}: ${messageOf(error)}`,
          "Holdfast tries again every minute.",
        );
      }
      if (committed || row.result !== null) return null;
      return new Failure(
        "INTERRUPTED",
        "Holdfast stopped while this restore was running. The target is as it was before.",
        "Start it again.",
      );
    },

    /** Goes on with what could not be put right before, such as while the database was away. */
    async finishRepairs(): Promise<void> {
      for (const row of await db.listJournals(catalog))
        await repair(row).catch((error) =>
          onError(new Error(`The target of ${row.name} could not be put right yet: ${messageOf(error)}`, { cause: error })),
        );
    },
  };
}

/** One operation at a time on a target, also where it goes into another database of it. */
async function busyFailure(db: Db, target: SourceRow): Promise<Failure | null> {
  const busy = [...(await listActiveBackups(db, target.id)), ...(await listUnsettledRestores(db, target.id))];
  if (busy.length === 0) return null;
  return new Failure(
    "CONFLICT",
    `${target.name} is busy: ${formatCount(busy.length, "operation")} waiting or running.`,
    "Start the restore when it has ended, or cancel it.",
    { reason: "TARGET_BUSY" },
  );
}
