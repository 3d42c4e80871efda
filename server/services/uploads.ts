import type { Readable } from "node:stream";
import { formatBytes } from "../../shared/format.ts";
import type { Db } from "../db/client.ts";
import type { UploadRow } from "../db/uploads.ts";
import * as db from "../db/uploads.ts";
import { type Actor, allow, describeActor } from "../domain/access.ts";
import { badInput, Failure, messageOf } from "../domain/errors.ts";
import { newId, type UploadId } from "../domain/ids.ts";
import { type Finding, type Inspection, isRestorable } from "../domain/inspection.ts";
import { type InspectRequest, inspectUpload } from "../engine/upload/inspect.ts";
import { displayName } from "../engine/upload/names.ts";
import type { Received } from "../engine/upload/received.ts";
import type { Bus } from "../events/bus.ts";
import type { Queue } from "./queue.ts";
import { watching } from "./watch.ts";

export type { UploadRow } from "../db/uploads.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly queue: Queue;
  /** Where the files are. */
  readonly files: Received;
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

const lifetimeMilliseconds = 7 * 24 * 60 * 60 * 1000;
/** Kept free beside what was announced, so that the machine goes on working. */
const spareBytes = 64 * 1024 * 1024;

export type Uploads = ReturnType<typeof createUploads>;

/** Files that are sent in to be restored: announced here, received over HTTP, inspected before anything of them is used. */
export function createUploads({ catalog, bus, queue, files, now, onError }: Dependencies) {
  const stopping = new AbortController();
  const running = new Map<UploadId, Promise<void>>();
  const tell = (id: UploadId) => bus.publish("upload", { id });

  /** The row with what has really arrived: after a crash only the file knows. */
  const present = async (row: UploadRow): Promise<UploadRow> =>
    row.state === "RECEIVING" ? { ...row, receivedBytes: await files.size(row.id) } : row;

  const existing = async (id: UploadId): Promise<UploadRow> => {
    const row = await db.findUpload(catalog, id);
    if (!row) throw new Failure("NOT_FOUND", `There is no upload ${id}.`, "It may have expired: send the file again.");
    return present(row);
  };

  async function demandSpace(size: number): Promise<void> {
    const [free, others] = [await files.free(), await db.listUploadsIn(catalog, "RECEIVING")];
    const promised = (await Promise.all(others.map(present))).reduce((sum, row) => sum + row.size - row.receivedBytes, 0);
    if (size + promised + spareBytes <= free) return;
    const also = promised > 0 ? `, of which ${formatBytes(promised)} are promised to other uploads` : "";
    throw new Failure(
      "STORAGE_FULL",
      `The file has ${formatBytes(size)}, and ${formatBytes(free)} are free where uploads are kept${also}.`,
      "Free some space, or delete uploads that are not needed any more.",
    );
  }

  async function insert(actor: Actor, filename: string, size: number): Promise<UploadId> {
    if (!Number.isSafeInteger(size) || size < 1)
      throw badInput("An upload has at least one byte.", "Choose a dump or an archive that is not empty.");
    await demandSpace(size);
    const id = newId<UploadId>();
    await files.make(id);
    const createdAt = now();
    const expiresAt = new Date(createdAt.getTime() + lifetimeMilliseconds);
    const row = {
      id,
      filename: displayName(filename),
      size,
      state: "RECEIVING",
      actor: describeActor(actor),
      createdAt,
      expiresAt,
    } as const;
    await db.insertUpload(catalog, row);
    tell(id);
    return id;
  }

  async function demandUnused(id: UploadId): Promise<void> {
    if ((await db.uploadsInUse(catalog)).has(id))
      throw new Failure("CONFLICT", "A restore is using this upload.", "Wait until it has ended, or cancel it.");
  }

  async function drop(id: UploadId): Promise<boolean> {
    await files.remove(id);
    const there = await db.deleteUpload(catalog, id);
    tell(id);
    return there;
  }

  async function inspect(row: UploadRow): Promise<void> {
    const request: InspectRequest = { path: files.pathOf(row.id), filename: row.filename, roomBytes: await files.free() };
    try {
      await conclude(row.id, await inspectUpload(request, stopping.signal));
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (!(error instanceof Failure)) onError(error);
      const { code, reason = null, hint = null } = error instanceof Failure ? error : { code: "INTERNAL" as const };
      const message = error instanceof Failure ? messageOf(error) : "The upload could not be inspected: something was not foreseen.";
      await db.moveUpload(catalog, row.id, "INSPECTING", { state: "REFUSED", problem: { code, reason, message, hint } });
    }
    tell(row.id);
  }

  async function conclude(id: UploadId, inspection: Inspection): Promise<void> {
    const refusal = inspection.findings.find(({ severity }) => severity === "REFUSED");
    const expiresAt = new Date(now().getTime() + lifetimeMilliseconds);
    await db.moveUpload(catalog, id, "INSPECTING", {
      state: refusal ? "REFUSED" : "READY",
      format: inspection.format,
      inspection,
      problem: refusal ? problemOf(refusal) : null,
      expiresAt,
    });
  }

  async function perform(id: UploadId): Promise<void> {
    const busy = running.get(id);
    if (busy) return busy;
    const row = await db.findUpload(catalog, id);
    if (row?.state !== "INSPECTING" || stopping.signal.aborted) return;
    const work = inspect(row).finally(() => running.delete(id));
    running.set(id, work);
    return work;
  }

  async function received(id: UploadId): Promise<void> {
    const row = await existing(id);
    if (row.state !== "RECEIVING" || row.receivedBytes !== row.size) return;
    await files.sync(id);
    if (!(await db.moveUpload(catalog, id, "RECEIVING", { state: "INSPECTING", receivedBytes: row.size }))) return;
    tell(id);
    await queue.add("inspection", id);
  }

  return {
    /** Where the bytes are received. */
    folder: files.folder,

    existing,

    async find(actor: Actor | null, id: UploadId): Promise<UploadRow | null> {
      allow(actor, "restore");
      const row = await db.findUpload(catalog, id);
      return row && present(row);
    },

    async list(actor: Actor | null): Promise<UploadRow[]> {
      allow(actor, "restore");
      return Promise.all((await db.listUploads(catalog)).map(present));
    },

    /** Announces a file; its bytes are then sent to /uploads/ID. */
    async create(actor: Actor | null, filename: string, size: number): Promise<UploadRow> {
      allow(actor, "restore");
      return existing(await insert(actor, filename, size));
    },

    /** Takes in a file of this machine, without sending it, and inspects it at once. */
    async adopt(actor: Actor | null, path: string, filename: string, signal: AbortSignal): Promise<UploadRow> {
      allow(actor, "restore");
      const id = await insert(actor, filename, await files.sizeOf(path));
      try {
        await files.adopt(path, id, signal);
        const { size } = await existing(id);
        await db.moveUpload(catalog, id, "RECEIVING", { state: "INSPECTING", receivedBytes: size });
        await perform(id);
        signal.throwIfAborted();
        return await existing(id);
      } catch (error) {
        await drop(id);
        throw error;
      }
    },

    /** Takes in a file that arrives in one piece, of at most `atMost` bytes, and inspects it at once. */
    async receive(actor: Actor | null, filename: string, bytes: Readable, atMost: number, signal: AbortSignal): Promise<UploadRow> {
      allow(actor, "restore");
      const id = await insert(actor, filename, atMost);
      try {
        await files.write(id, bytes, atMost, signal);
        const size = await files.size(id);
        if (size === 0) throw badInput(`${displayName(filename)} is empty.`, "Choose a dump or an archive that is not empty.");
        await files.sync(id);
        await db.moveUpload(catalog, id, "RECEIVING", { state: "INSPECTING", size, receivedBytes: size });
        await perform(id);
        signal.throwIfAborted();
        return await existing(id);
      } catch (error) {
        await drop(id);
        throw error;
      }
    },

    async remove(actor: Actor | null, id: UploadId): Promise<boolean> {
      allow(actor, "restore");
      await existing(id);
      await demandUnused(id);
      return drop(id);
    },

    async watchChanges(actor: Actor | null) {
      allow(actor, "restore");
      return watching(bus.subscribe("upload"), async function* (events) {
        for await (const { id } of events) {
          const row = await db.findUpload(catalog, id);
          if (row) yield await present(row);
        }
      });
    },

    /** For whoever receives the bytes: the upload if `actor` may send to it now. */
    async receiving(actor: Actor | null, id: string): Promise<UploadRow | null> {
      allow(actor, "restore");
      return db.findUpload(catalog, id as UploadId);
    },

    /** Says that more has arrived. */
    progressed: tell,

    received,

    /** Inspects the upload that waits under `id`. */
    perform,

    /** Goes on with inspections that a crash cut off, and removes what has expired. */
    async upkeep(): Promise<void> {
      for (const { id } of await db.listUploadsIn(catalog, "RECEIVING")) await received(id).catch(onError);
      for (const { id } of await db.listUploadsIn(catalog, "INSPECTING")) if (!running.has(id)) await queue.add("inspection", id);
      const inUse = await db.uploadsInUse(catalog);
      for (const { id } of await db.listExpiredUploads(catalog, now())) if (!inUse.has(id)) await drop(id).catch(onError);
      const known = new Set((await db.listUploads(catalog)).map(({ id }) => id as string));
      await files.sweep(known);
    },

    /** Stops inspecting; what is cut off begins anew at the next start. */
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.allSettled(running.values());
    },
  };
}

const problemOf = ({ reason, message, hint }: Finding) => ({ code: codeOf(reason), reason, message, hint });

/** The API's code for the reason of a refusal. */
function codeOf(reason: string) {
  if (reason === "ARCHIVE_CORRUPT" || reason === "DUMP_INCOMPLETE" || reason === "MANIFEST_INVALID") return "ARTIFACT_CORRUPT" as const;
  if (reason === "NOT_A_MYSQL_DUMP" || reason === "EMPTY_DUMP" || reason === "UNKNOWN_FORMAT") return "BAD_USER_INPUT" as const;
  return "ARTIFACT_UNSAFE" as const;
}

/** Throws unless the upload is whole and nothing forbids to restore it. */
export function demandRestorable(row: UploadRow): Inspection {
  if (row.state === "READY" && row.inspection && isRestorable(row.inspection)) return row.inspection;
  if (row.state === "REFUSED")
    throw badInput(`${row.filename} cannot be restored: ${row.problem?.message ?? "it was refused."}`, row.problem?.hint ?? undefined);
  throw badInput(
    row.state === "RECEIVING" ? `${row.filename} has not arrived whole yet.` : `${row.filename} is still being inspected.`,
    "Start the restore when its upload is ready.",
  );
}
