import { countFailedSince, newestBackup } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { restoreDurations } from "../db/restores.ts";
import { scheduleOfSource } from "../db/schedules.ts";
import {
  findSource,
  insertSource,
  listSources,
  removeSource,
  type SourceRow,
  slugsTaken,
  sourceIsUsed,
  updateSourceRow,
} from "../db/sources.ts";
import { listStorages } from "../db/storages.ts";
import { type Actor, allow } from "../domain/access.ts";
import type { Connection } from "../domain/connection.ts";
import { badInput, Failure, notFound } from "../domain/errors.ts";
import { newId, type SourceId } from "../domain/ids.ts";
import { slugOf } from "../domain/naming.ts";
import { usualOptions } from "../domain/source-load.ts";
import { directoryOf } from "../domain/storage.ts";
import type { ClientTools } from "../engine/part.ts";
import type { Audit } from "./audit.ts";
import { passwordContext } from "./secret-contexts.ts";
import type { Secrets } from "./secrets.ts";
import { checkSourceParts, type SourceCheck } from "./source-check.ts";
import { type CheckedSource, checkSourceRequest, type SourceRequest } from "./source-request.ts";
import { uniqueName } from "./unique-name.ts";

export type { SourceRow } from "../db/sources.ts";

interface Dependencies {
  readonly db: Db;
  readonly audit: Audit;
  readonly secrets: Secrets;
  /** Keeps a password out of the log from now on. */
  readonly conceal: (secret: string) => void;
  readonly tools: () => Promise<ClientTools>;
  readonly now: () => Date;
}

export type Sources = ReturnType<typeof createSources>;

/** What is protected: one database, media folders, or both. */
export function createSources({ db, audit, secrets, conceal, tools, now }: Dependencies) {
  const existing = async (id: SourceId): Promise<SourceRow> => {
    const row = await findSource(db, id);
    if (!row) throw notFound("source", id);
    return row;
  };

  /** The source's connection with its password in clear: for the engine only. Null when it has no database. */
  function connectionOf(row: SourceRow): Connection | null {
    if (row.databaseName === null) return null;
    const password = row.databasePassword === null ? "" : secrets.open(row.databasePassword, passwordContext(row.id));
    conceal(password);
    return {
      host: row.databaseHost ?? "",
      port: row.databasePort ?? 3306,
      user: row.databaseUser ?? "",
      password,
      database: row.databaseName,
      socketPath: row.databaseSocket,
      tls: row.databaseTls,
    };
  }

  const columnsOf = (id: SourceId, request: CheckedSource, keptPassword: string | null) => ({
    name: request.name,
    databaseHost: request.database?.host ?? null,
    databasePort: request.database?.port ?? null,
    databaseUser: request.database?.user ?? null,
    databasePassword: request.database
      ? request.database.password === null
        ? keptPassword
        : secrets.seal(request.database.password, passwordContext(id))
      : null,
    databaseName: request.database?.database ?? null,
    databaseSocket: request.database?.socketPath ?? null,
    databaseTls: request.database?.tls ?? false,
    mediaPaths: request.mediaPaths,
    excludePatterns: request.excludePatterns,
    ...(request.targetBackupAgeHours === undefined ? {} : { targetBackupAgeHours: request.targetBackupAgeHours }),
    ...(request.targetProofAgeHours === undefined ? {} : { targetProofAgeHours: request.targetProofAgeHours }),
    ...request.options,
  });

  /** A password is kept only for the server it was given for, or a changed address would send it to a stranger. */
  function keepablePassword(row: SourceRow, request: CheckedSource): string | null {
    const { database } = request;
    if (!database || database.password !== null || row.databasePassword === null) return row.databasePassword;
    const same =
      row.databaseHost === database.host &&
      row.databasePort === database.port &&
      row.databaseUser === database.user &&
      row.databaseSocket === database.socketPath &&
      row.databaseTls === database.tls;
    if (!same)
      throw badInput("The server or the user changed, so the password has to be given again.", "Enter the password for the new server.");
    return row.databasePassword;
  }

  async function checkStoragesOutside(paths: readonly string[]): Promise<void> {
    for (const storage of await listStorages(db))
      for (const path of paths)
        if (`${directoryOf(storage) ?? ""}/`.startsWith(`${path}/`))
          throw badInput(
            `The storage ${storage.name} (${directoryOf(storage)}) lies inside the media folder ${path}: each backup would hold the ones before it.`,
            "Choose another media folder, or move the storage.",
          );
  }

  return {
    connectionOf,
    existing,

    async list(actor: Actor | null): Promise<SourceRow[]> {
      allow(actor, "read");
      return listSources(db);
    },

    async find(actor: Actor | null, id: SourceId): Promise<SourceRow | null> {
      allow(actor, "read");
      return findSource(db, id);
    },

    async create(actor: Actor | null, request: SourceRequest): Promise<SourceRow> {
      allow(actor, "configure");
      const checked = checkSourceRequest(request);
      await checkStoragesOutside(checked.mediaPaths);
      const id = newId<SourceId>();
      const taken = await slugsTaken(db);
      const base = slugOf(checked.name);
      let slug = base;
      for (let number = 2; taken.has(slug); number += 1) slug = `${base}-${number}`;
      await uniqueName("source", checked.name, () =>
        insertSource(db, {
          id,
          slug,
          targetBackupAgeHours: null,
          targetProofAgeHours: null,
          ...usualOptions,
          ...columnsOf(id, checked, null),
          createdAt: now(),
        }),
      );
      await audit.record(actor, "source.create", checked.name, auditedPartsOf(checked));
      return existing(id);
    },

    async update(actor: Actor | null, id: SourceId, request: SourceRequest): Promise<SourceRow> {
      allow(actor, "configure");
      const row = await existing(id);
      const checked = checkSourceRequest(request);
      await checkStoragesOutside(checked.mediaPaths);
      const kept = keepablePassword(row, checked);
      await uniqueName("source", checked.name, () => updateSourceRow(db, id, columnsOf(id, checked, kept)));
      await audit.record(actor, "source.update", checked.name, auditedPartsOf(checked));
      return existing(id);
    },

    async remove(actor: Actor | null, id: SourceId): Promise<boolean> {
      allow(actor, "configure");
      const row = await existing(id);
      if (await sourceIsUsed(db, id))
        throw new Failure(
          "CONFLICT",
          `The source ${row.name} has backups or restores.`,
          "Delete its backups first; a source with history stays.",
        );
      const schedule = await scheduleOfSource(db, id);
      if (schedule !== null)
        throw new Failure(
          "CONFLICT",
          `The schedule ${schedule} uses the source ${row.name}.`,
          "Delete that schedule, or give it another source.",
        );
      await removeSource(db, id);
      await audit.record(actor, "source.delete", row.name);
      return true;
    },

    /** Tries a stored source, or an input before it is stored, or an input that changes a stored one. */
    async check(actor: Actor | null, id: SourceId | null, request: SourceRequest | null): Promise<SourceCheck> {
      allow(actor, "check");
      const row = id ? await existing(id) : null;
      if (!request) {
        if (!row) throw badInput("Name a source by id, or give an input to check.");
        return checkSourceParts(connectionOf(row), row.mediaPaths, tools);
      }
      allow(actor, "configure");
      const checked = checkSourceRequest(request);
      if (row) keepablePassword(row, checked);
      const { database } = checked;
      const kept = row && database?.password === null ? (connectionOf(row)?.password ?? "") : "";
      return checkSourceParts(database && { ...database, password: database.password ?? kept }, checked.mediaPaths, tools);
    },

    /** The one that is named, or the only one. */
    async choose(id: SourceId | null): Promise<SourceRow> {
      if (id) return existing(id);
      const rows = await listSources(db);
      if (rows.length === 1 && rows[0]) return rows[0];
      throw rows.length === 0
        ? badInput("There is no source yet.", "Add one first: what should be backed up?")
        : badInput("There are several sources.", "Name one by `sourceId`.");
    },

    /** The newest completed backup that holds all that the source has; with none, the newest of a part. */
    async lastBackup(row: SourceRow) {
      const whole =
        row.databaseName !== null && row.mediaPaths.length > 0
          ? await newestBackup(db, row.id, { completed: true, types: ["FULL"] })
          : null;
      return whole ?? newestBackup(db, row.id, { completed: true });
    },

    /** The newest backup whatever came of it. */
    latestAttempt: (id: SourceId) => newestBackup(db, id, {}),

    async failuresSinceBackup(id: SourceId): Promise<number> {
      return countFailedSince(db, id, (await newestBackup(db, id, { completed: true }))?.createdAt ?? null);
    },

    /** Median seconds of its completed restores; null with none. */
    async expectedRestoreSeconds(id: SourceId): Promise<number | null> {
      const seconds = (await restoreDurations(db, id)).sort((a, b) => a - b);
      return seconds[Math.floor(seconds.length / 2)] ?? null;
    },
  };
}

/** What the audit says of a source: where it reads from, never with what. */
const auditedPartsOf = ({ database, mediaPaths, excludePatterns, options }: CheckedSource) => ({
  database: database && { host: database.host, port: database.port, user: database.user, database: database.database },
  mediaPaths,
  excludePatterns,
  ...options,
});
