import { isDeepStrictEqual } from "node:util";
import { listChannels } from "../db/channels.ts";
import { listSchedules } from "../db/schedules.ts";
import { listSources } from "../db/sources.ts";
import { listStorages } from "../db/storages.ts";
import type { Actor } from "../domain/access.ts";
import { Failure } from "../domain/errors.ts";
import type { Channels } from "./channels.ts";
import type { Configuration, ConfigurationSecrets } from "./configuration-document.ts";
import { type ConfigurationReads, describeConfiguration, revealSecrets } from "./configuration-export.ts";
import type { Schedules } from "./schedules.ts";
import type { OwnedSettings } from "./settings.ts";
import type { Sources } from "./sources.ts";
import type { Storages } from "./storages.ts";

/** What an import writes through: the services that a person's changes go through, on one transaction. */
export interface ConfigurationWrites extends ConfigurationReads {
  readonly settings: Pick<OwnedSettings, "current" | "storedSmtpUrl" | "update">;
  readonly storages: Pick<Storages, "create" | "secretsOf" | "update">;
  readonly sources: Pick<Sources, "connectionOf" | "create" | "update">;
  readonly schedules: Pick<Schedules, "create" | "update">;
  readonly channels: Pick<Channels, "create" | "update">;
}

/** What an import does, as sentences. */
export interface ImportedParts {
  readonly created: string[];
  readonly changed: string[];
  readonly unchanged: string[];
  readonly problems: string[];
}

/**
 * Makes the catalog as the configuration says; what it does not name stays as it is. `attempt` runs one change by itself, so that
 * one that is refused leaves nothing behind and the next is tried all the same.
 */
export async function importParts(
  actor: Actor,
  { settings, storages, sources, schedules, channels, ...reads }: ConfigurationWrites,
  wanted: Configuration,
  given: ConfigurationSecrets,
): Promise<ImportedParts> {
  const { db } = reads;
  const all = { ...reads, settings, storages, sources };
  const parts: ImportedParts = { created: [], changed: [], unchanged: [], problems: [] };
  const present = await describeConfiguration(all);
  const secrets = await revealSecrets(all);

  /** One entry: told as made, changed or left, or why it is refused. */
  async function settle(what: string, state: "new" | "other" | "same", note: string, write: () => Promise<unknown>): Promise<void> {
    if (state === "same") return void parts.unchanged.push(`${what} is as the file says.`);
    try {
      await write();
      (state === "new" ? parts.created : parts.changed).push(`${what} is ${state === "new" ? "made" : "changed"}${note}.`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      parts.problems.push(`${what}: ${error.message}${error.hint ? ` ${error.hint}` : ""}`);
    }
  }
  const stateOf = <T extends { readonly name: string }>(entry: T, known: readonly T[], sameSecret = true) => {
    const found = known.find(({ name }) => name === entry.name);
    return found === undefined ? "new" : isDeepStrictEqual(found, entry) && sameSecret ? "same" : "other";
  };

  // They come first: which endpoints a storage may be at is one of them.
  const { mailFrom, toolsPath, targetBackupAgeHours, targetProofAgeHours, ...values } = { ...present.settings, ...wanted.settings };
  const taken = { mailFrom: mailFrom ?? "", toolsPath: toolsPath ?? "", targetBackupAgeHours: targetBackupAgeHours ?? 0 };
  const newMail = given.smtpUrl !== null && given.smtpUrl !== secrets.smtpUrl;
  const sameSettings = isDeepStrictEqual(present.settings, { ...present.settings, ...wanted.settings }) && !newMail;
  await settle("What the settings say", sameSettings ? "same" : "other", "", () =>
    settings.update(actor, {
      ...values,
      ...taken,
      targetProofAgeHours: targetProofAgeHours ?? 0,
      ...(newMail ? { smtpUrl: given.smtpUrl } : {}),
    }),
  );

  const storageIds = new Map((await listStorages(db)).map(({ name, id }) => [name, id]));
  for (const entry of wanted.storages) {
    const { name, directory, ...rest } = entry;
    const [id, secret] = [storageIds.get(name), given.storages[name]];
    if (!id && entry.kind !== "LOCAL" && !secret) {
      parts.unchanged.push(`The storage ${name} is left out: it cannot be reached without its secret, and no secrets were opened.`);
      continue;
    }
    const request = {
      ...{ ...rest, name },
      local: directory === null ? null : { directory },
      s3: entry.s3 && { ...entry.s3, secretAccessKey: secret?.secretAccessKey ?? null },
      sftp: entry.sftp && { ...entry.sftp, password: secret?.password ?? null, privateKey: secret?.privateKey ?? null },
    };
    const state = stateOf(entry, present.storages, secret === undefined || isDeepStrictEqual(secret, secrets.storages[name]));
    await settle(`The storage ${name}`, state, "", async () => {
      const saved = id ? await storages.update(actor, id, request) : await storages.create(actor, request);
      storageIds.set(name, saved.id);
    });
  }

  const sourceIds = new Map((await listSources(db)).map(({ name, id }) => [name, id]));
  for (const told of wanted.sources) {
    const entry = { ...present.sources.find(({ name }) => name === told.name), ...told };
    const [id, password] = [sourceIds.get(entry.name), given.sources[entry.name]];
    const state = stateOf(entry, present.sources, password === undefined || password === secrets.sources[entry.name]);
    const note = state === "new" && entry.database && password === undefined ? "; the password of its database has to be entered" : "";
    const request = { ...entry, database: entry.database && { ...entry.database, ...(password === undefined ? {} : { password }) } };
    await settle(`The source ${entry.name}`, state, note, async () => {
      const saved = id ? await sources.update(actor, id, request) : await sources.create(actor, request);
      sourceIds.set(entry.name, saved.id);
    });
  }
  const idIn = <Id>(ids: ReadonlyMap<string, Id>, noun: string, name: string): Id => {
    const id = ids.get(name);
    if (id === undefined) throw new Failure("NOT_FOUND", `There is no ${noun} named ${name}.`, "It is neither here nor in the file.");
    return id;
  };

  const scheduleIds = new Map((await listSchedules(db)).map(({ name, id }) => [name, id]));
  for (const told of wanted.schedules) {
    const entry = { ...present.schedules.find(({ name }) => name === told.name), ...told };
    const { source, storage, otherStorages, targetSource, ...rest } = entry;
    const id = scheduleIds.get(entry.name);
    await settle(`The schedule ${entry.name}`, stateOf(entry, present.schedules), "", () => {
      const request = {
        ...rest,
        sourceId: idIn(sourceIds, "source", source),
        ...(storage !== null && otherStorages.length > 0
          ? { storageIds: [storage, ...otherStorages].map((one) => idIn(storageIds, "storage", one)) }
          : { storageId: storage === null ? null : idIn(storageIds, "storage", storage) }),
        targetSourceId: targetSource === null ? null : idIn(sourceIds, "source", targetSource),
      };
      return id ? schedules.update(actor, id, request) : schedules.create(actor, request);
    });
  }

  const channelRows = new Map((await listChannels(db)).map((row) => [row.name, row]));
  for (const entry of wanted.channels) {
    const [row, secret] = [channelRows.get(entry.name), given.channels[entry.name]];
    const what = `The channel ${entry.name}`;
    if (!row && entry.hasSecret && !secret) {
      parts.unchanged.push(`${what} is left out: where it sends to is secret, and no secrets were opened.`);
      continue;
    }
    const state = stateOf(entry, present.channels, secret === undefined || isDeepStrictEqual(secret, secrets.channels[entry.name]));
    const { hasSecret: _, sources: named, ...rest } = entry;
    await settle(what, state, "", () => {
      const request = {
        ...rest,
        sourceIds: named?.map((name) => idIn(sourceIds, "source", name)) ?? null,
        secretUrl: secret?.url ?? null,
        token: secret?.token ?? null,
        signingKey: secret?.signingKey ?? null,
      };
      return row ? channels.update(actor, row.id, request) : channels.create(actor, request);
    });
  }
  return parts;
}
