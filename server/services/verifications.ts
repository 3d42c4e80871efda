import type { VerificationLevel } from "../../shared/enums.ts";
import type { Db } from "../db/client.ts";
import { changeBackupCopy } from "../db/copies.ts";
import { findSource } from "../db/sources.ts";
import type { VerificationRow } from "../db/verifications.ts";
import * as db from "../db/verifications.ts";
import { type Actor, allow, describeActor } from "../domain/access.ts";
import { Failure, notFound } from "../domain/errors.ts";
import type { BackupId, VerificationId } from "../domain/ids.ts";
import type { ClientTools } from "../engine/part.ts";
import { drill, type OpenScratchServer, verifyChecksum } from "../engine/verify.ts";
import type { Bus } from "../events/bus.ts";
import type { Backups } from "./backups.ts";
import type { Operations } from "./operations.ts";
import type { Queue } from "./queue.ts";
import type { Work } from "./running.ts";
import { loadLimitsOf } from "./source-options.ts";
import { type StoredBackups, sayWhere } from "./stored-backups.ts";
import { createVerificationRequests } from "./verification-request.ts";
import { watching } from "./watch.ts";

export type { VerificationRow } from "../db/verifications.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly bus: Bus;
  readonly operations: Operations;
  readonly backups: Backups;
  readonly storedBackups: Pick<StoredBackups, "open">;
  readonly queue: Queue;
  readonly tools: () => Promise<ClientTools>;
  readonly openScratchServer: OpenScratchServer;
  readonly now: () => Date;
}

export type Verifications = ReturnType<typeof createVerifications>;

/** Proves backups: by checksum, or by a drill that restores them. */
export function createVerifications(dependencies: Dependencies) {
  const { catalog, bus, operations, backups, storedBackups, tools, openScratchServer, now } = dependencies;
  const requests = createVerificationRequests(dependencies);

  const existing = async (id: VerificationId): Promise<VerificationRow> => {
    const row = await db.findVerification(catalog, id);
    if (!row) throw notFound("verification", id);
    return row;
  };

  async function verify(row: VerificationRow, work: Work): Promise<void> {
    const backup = await backups.existing(row.backupId);
    const manifest = await backups.manifestOf(backup.id);
    if (!manifest) throw new Failure("NOT_FOUND", `${backup.name} has no manifest in the catalog.`);
    work.say("INFO", `${row.level === "CHECKSUM" ? "Reading every stored byte" : "Restoring, for a drill,"} of ${backup.name}.`);
    const opened = await storedBackups.open(backup, manifest);
    sayWhere(opened.from, work.say);
    const source = await findSource(catalog, backup.sourceId);
    const plan = { ...opened, now, ...(source ? { limits: loadLimitsOf(source) } : {}) };
    const report = row.level === "CHECKSUM" ? await verifyChecksum(plan, work) : await drill(plan, { openScratchServer, tools }, work);
    await db.recordReport(catalog, row.id, report);
    // What every byte was read for: another storage may have it whole, and is read before this one from now on.
    if (row.level === "CHECKSUM")
      await changeBackupCopy(
        catalog,
        { backupId: backup.id, storageId: opened.from.storageId },
        { problem: report.passed ? null : `A verification found it damaged: ${report.problems[0] ?? "it did not pass"}` },
      );
    if (!report.passed) work.say("ERROR", "The backup did not pass.");
  }

  return {
    existing,

    /** `id` is the one that it is to have; taken already means that it was asked for before, and that one stands. */
    async create(actor: Actor | null, backupId: BackupId, level: VerificationLevel, id?: VerificationId): Promise<VerificationRow> {
      allow(actor, "verify");
      const known = id ? await db.findVerification(catalog, id) : null;
      return known ?? existing(await requests.request(await backups.existing(backupId), level, describeActor(actor), id));
    },

    /** Carries out the verification that waits under `id`, as its operation. It completes whatever it found: see `passed`. */
    async perform(id: VerificationId): Promise<boolean> {
      const row = await existing(id);
      const performed = await operations.run(id, (work) => verify(row, work));
      // What a backup shows of its proof has changed.
      bus.publish("backup", { id: row.backupId });
      return performed;
    },

    async find(actor: Actor | null, id: VerificationId): Promise<VerificationRow | null> {
      allow(actor, "read");
      return db.findVerification(catalog, id);
    },

    /** What it found; null until it ended by itself. */
    reportOf: async (id: VerificationId) => (await db.findReports(catalog, [id]))[0]?.report ?? null,

    /** All of these backups', newest first. */
    async ofBackups(actor: Actor | null, backupIds: readonly BackupId[]): Promise<VerificationRow[]> {
      allow(actor, "read");
      return db.listVerificationsOf(catalog, backupIds);
    },

    async watchChanges(actor: Actor | null) {
      allow(actor, "read");
      return watching(bus.subscribe("verification"), async function* (events) {
        for await (const { id } of events) {
          const row = await db.findVerification(catalog, id);
          if (row) yield row;
        }
      });
    },

    /** Decides what became of a verification whose worker is gone: null when its report had been written. */
    async settle(id: VerificationId): Promise<Failure | null> {
      const row = await existing(id);
      bus.publish("backup", { id: row.backupId });
      if (row.passed !== null) return null;
      return new Failure(
        "INTERRUPTED",
        "Holdfast stopped while this verification was running. The backup was only read.",
        "Start it again.",
      );
    },
  };
}
