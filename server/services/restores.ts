import type { BackupType, RestoreMode } from "../../shared/enums.ts";
import { formatCount } from "../../shared/format.ts";
import { limits } from "../../shared/limits.ts";
import type { BackupRow } from "../db/backups.ts";
import { listActiveBackups } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import type { RestoreFilter, RestoreRow } from "../db/restores.ts";
import * as db from "../db/restores.ts";
import { lockSource, type SourceRow } from "../db/sources.ts";
import { type Actor, allow, describeActor } from "../domain/access.ts";
import { badInput, Failure, messageOf } from "../domain/errors.ts";
import { type BackupId, newId, type RestoreId, type SourceId } from "../domain/ids.ts";
import type { Manifest } from "../domain/manifest.ts";
import type { ClientTools } from "../engine/part.ts";
import type { Bus } from "../events/bus.ts";
import type { Backups } from "./backups.ts";
import type { Operations } from "./operations.ts";
import { firstOf } from "./paging.ts";
import type { Queue } from "./queue.ts";
import { targetOf } from "./restore-target.ts";
import { createRestoreWork } from "./restore-work.ts";
import type { Sources } from "./sources.ts";
import type { Storages } from "./storages.ts";
import { watching } from "./watch.ts";

export type { RestoreRow } from "../db/restores.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly operations: Operations;
  readonly backups: Backups;
  readonly sources: Sources;
  readonly storages: Storages;
  readonly queue: Queue;
  readonly tools: () => Promise<ClientTools>;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

export interface RestoreRequest {
  readonly name?: string | null;
  readonly backupId?: BackupId | null;
  readonly type: BackupType;
  readonly mode?: RestoreMode | null;
  readonly targetSourceId?: SourceId | null;
  readonly backupBeforeRestore?: boolean | null;
  readonly staged?: boolean | null;
}

export type Restores = ReturnType<typeof createRestores>;

/** Puts backups back. */
export function createRestores(dependencies: Dependencies) {
  const { catalog, bus, operations, backups, sources, queue, now, onError } = dependencies;
  const { put, repair } = createRestoreWork(dependencies);

  async function resolve(request: RestoreRequest): Promise<{ backup: BackupRow; manifest: Manifest; target: SourceRow }> {
    if (!request.backupId) throw badInput("Name the backup to restore.", "Give its id as `backupId`.");
    const backup = await backups.existing(request.backupId);
    const manifest = await backups.manifestOf(backup.id);
    if (backup.status !== "COMPLETED" || !manifest)
      throw badInput(`${backup.name} is not complete, so it cannot be restored.`, "Choose a completed backup.");
    const target = await sources.existing(request.targetSourceId ?? backup.sourceId);
    targetOf(target, manifest, request.type, null, null);
    return { backup, manifest, target };
  }

  const existing = async (id: RestoreId): Promise<RestoreRow> => {
    const row = await db.findRestore(catalog, id);
    if (!row) throw new Failure("NOT_FOUND", `There is no restore ${id}.`);
    return row;
  };

  return {
    existing,
    resolve: async (actor: Actor | null, request: RestoreRequest) => {
      allow(actor, "restore");
      return resolve(request);
    },

    async create(actor: Actor | null, request: RestoreRequest): Promise<RestoreRow> {
      allow(actor, "restore");
      const { backup, target } = await resolve(request);
      const staged = request.staged ?? true;
      const backupBeforeRestore = request.backupBeforeRestore ?? true;
      if (!staged && !backupBeforeRestore)
        throw badInput(
          "A restore in place needs the pre-restore backup: without it a failure could not be undone.",
          "Leave `backupBeforeRestore` on, or restore staged.",
        );
      const id = newId<RestoreId>();
      const name = request.name?.trim() || `Restore of ${backup.name}`.slice(0, limits.nameLength);
      if (name.length > limits.nameLength) throw badInput(`A restore's name has at most ${limits.nameLength} characters.`);
      await catalog.transaction(async (tx) => {
        await lockSource(tx, target.id);
        const busy = [...(await listActiveBackups(tx, target.id)), ...(await db.listUnsettledRestores(tx, target.id))];
        if (busy.length > 0)
          throw new Failure(
            "CONFLICT",
            `${target.name} is busy: ${formatCount(busy.length, "operation")} waiting or running.`,
            "Start the restore when it has ended, or cancel it.",
            { reason: "TARGET_BUSY" },
          );
        await db.insertRestore(tx, {
          id,
          name,
          type: request.type,
          mode: request.mode ?? "REPLACE",
          staged,
          backupBeforeRestore,
          actor: describeActor(actor),
          backupId: backup.id,
          targetSourceId: target.id,
          status: "QUEUED",
          createdAt: now(),
        });
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
