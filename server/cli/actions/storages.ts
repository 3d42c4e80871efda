import { formatBytes } from "../../../shared/format.ts";
import { badInput, notFound } from "../../domain/errors.ts";
import { confirm } from "../asking.ts";
import * as documents from "../documents/storages.ts";
import { answer, table } from "../output.ts";
import type { Session } from "../session.ts";
import { type StorageOptions, storageInput } from "./storage-input.ts";

type Storage = documents.Storage;

const all = async ({ holdfast }: Session) => (await holdfast.ask<{ storages: readonly Storage[] }>(documents.storagesDocument)).storages;

/** The storage of this id or name. */
export async function storageOf(session: Session, given: string): Promise<Storage> {
  const storages = await all(session);
  const found = storages.find(({ id }) => id === given) ?? storages.find(({ name }) => name === given);
  if (!found) throw notFound("storage", given);
  return found;
}

/** The ids of storages that are named by id or name; undefined where none is named. */
export async function idsOfStorages(session: Session, given: readonly string[] | undefined): Promise<string[] | undefined> {
  return given && Promise.all(given.map(async (one) => (await storageOf(session, one)).id));
}

/** list-storages. */
export async function list(session: Session): Promise<void> {
  const storages = await all(session);
  const bytes = (count: number | null) => (count === null ? "" : formatBytes(count));
  const rows = storages.map((one) => [
    ...[one.id, one.name, one.kind.toLowerCase(), one.location, String(one.backupCount)],
    ...[bytes(one.usedBytes), bytes(one.freeBytes), one.problem ? "cannot be used" : "", one.isDefault ? "yes" : ""],
  ]);
  const head = ["ID", "NAME", "KIND", "LOCATION", "BACKUPS", "USED", "FREE", "PROBLEM", "DEFAULT"];
  const lines = [table(head, rows, session.output.color)];
  for (const { name, problem, missingCopies } of storages) {
    if (problem) lines.push(`${name}: ${problem.message}${problem.hint ? ` ${problem.hint}` : ""}`);
    if (missingCopies > 0) lines.push(`${name}: ${missingCopies === 1 ? "one copy is" : `${missingCopies} copies are`} not there yet.`);
  }
  answer(
    session,
    { storages },
    storages.length === 0 ? "There is no storage yet. Make one with `npx holdfast create-storage`." : lines.join("\n"),
  );
}

/** create-storage. */
export async function create(session: Session, options: StorageOptions): Promise<void> {
  const input = await storageInput(session, options, null);
  const { createStorage: made } = await session.holdfast.ask<{ createStorage: Storage }>(documents.createStorageDocument, { input });
  const shared = made.shared ? "\nAnother Holdfast uses it too, or did: rebuild-catalog shows what it left there." : "";
  answer(session, made, `Made ${made.name} (${made.id}): ${made.location}${shared}`);
}

/** update-storage. */
export async function update(session: Session, given: string, options: Partial<StorageOptions>): Promise<void> {
  const present = await storageOf(session, given);
  const input = await storageInput(session, options, present);
  const { updateStorage: changed } = await session.holdfast.ask<{ updateStorage: Storage }>(documents.updateStorageDocument, {
    id: present.id,
    input,
  });
  answer(session, changed, `Changed ${changed.name}: ${changed.location}`);
}

/** check-storage: exit status 1 where one cannot be used. */
export async function check(session: Session, given: string | undefined): Promise<void> {
  const storages = given === undefined ? await all(session) : [await storageOf(session, given)];
  if (storages.length === 0) throw badInput("There is no storage yet.", "Make one with `npx holdfast create-storage`.");
  const checks = [];
  for (const { id, name } of storages) {
    const { checkStorage } = await session.holdfast.ask<{ checkStorage: { ok: boolean; message: string | null; hint: string | null } }>(
      documents.checkStorageDocument,
      { id },
    );
    checks.push({ id, name, ...checkStorage });
  }
  if (checks.some(({ ok }) => !ok)) process.exitCode = 1;
  const lines = checks.map(({ name, ok, message, hint }) =>
    ok ? `${name} can be written, read, listed and removed from.` : `${name}: ${message}${hint ? `\n  ${hint}` : ""}`,
  );
  answer(session, { checks }, lines.join("\n"));
}

/** delete-storage. */
export async function remove(session: Session, given: string, { yes }: { readonly yes?: boolean }): Promise<void> {
  const { id, name } = await storageOf(session, given);
  if (!yes) await confirm(session, `The storage ${name} is forgotten; what lies there stays.`, name);
  await session.holdfast.ask(documents.deleteStorageDocument, { id });
  answer(session, { id, deleted: true }, `Deleted ${name}.`);
}

/** host-key: the fingerprint alone would not do for --host-key, so the key comes first. */
export async function hostKey(session: Session, host: string, port: number): Promise<void> {
  const { readHostKey } = await session.holdfast.ask<{ readHostKey: documents.HostKey }>(documents.hostKeyDocument, { host, port });
  answer(session, readHostKey, `${readHostKey.hostKey}\n${readHostKey.fingerprint} (${readHostKey.type})`);
}
