import { createHash } from "node:crypto";
import { listSourceBackups } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { listCopiesOf } from "../db/copies.ts";
import { listSources } from "../db/sources.ts";
import { listStorages } from "../db/storages.ts";
import { findPasswordHash } from "../db/users.ts";
import { type Actor, allow } from "../domain/access.ts";
import { badInput, Failure } from "../domain/errors.ts";
import { type KitBackup, type KitKey, recoveryKitHtml } from "../domain/recovery-kit.ts";
import { locationOf } from "../domain/storage.ts";
import type { Attempts } from "./attempts.ts";
import type { Audit } from "./audit.ts";
import type { Keys } from "./keys.ts";
import { passwordMatches } from "./passwords.ts";
import type { OwnedSettings } from "./settings.ts";

interface Dependencies {
  readonly db: Db;
  readonly audit: Audit;
  readonly keys: Keys;
  readonly settings: Pick<OwnedSettings, "current">;
  readonly attempts: Attempts;
  /** What this machine is called. */
  readonly machine: string;
  readonly publicUrl: () => string | null;
  readonly version: string;
  readonly now: () => Date;
}

export interface RecoveryKit {
  readonly filename: string;
  readonly html: string;
}

export type RecoveryKits = ReturnType<typeof createRecoveryKits>;

/** Of each source, so many of its newest backups are listed. */
const listedBackups = 3;
/** Passwords that may be tried; a session that was stolen is no key. */
const tries = { max: 5, window: 300 };

/** The page that opens the backups when nothing is left but a storage. */
export function createRecoveryKits({ db, audit, keys, settings, attempts, machine, publicUrl, version, now }: Dependencies) {
  async function prove(actor: Actor, password: string | null): Promise<void> {
    if (actor.kind === "cli") return;
    if (actor.kind !== "user")
      throw new Failure(
        "FORBIDDEN",
        "A recovery kit is made for a person, not for an API token.",
        "Sign in, or run `holdfast recovery-kit` at the machine.",
      );
    if (!password)
      throw badInput(
        "The password is asked for again: the kit holds the key of all backups.",
        "Give the `password` that you sign in with.",
      );
    const wait = attempts.take(`kit ${actor.id}`, tries);
    if (wait > 0)
      throw new Failure("FORBIDDEN", "Too many passwords were tried.", `Try again in ${wait} seconds.`, { reason: "RATE_LIMITED" });
    const hash = await findPasswordHash(db, actor.id);
    if (hash && (await passwordMatches(hash, password))) return;
    await audit.record(actor, "recoveryKit.refuse", actor.name);
    throw new Failure("FORBIDDEN", "The password is wrong.", "Nothing was made.", { reason: "PASSWORD_WRONG" });
  }

  async function newest(): Promise<KitBackup[]> {
    const names = new Map((await listStorages(db)).map(({ id, name }) => [id, name]));
    const found: KitBackup[] = [];
    for (const source of await listSources(db))
      for (const row of await listSourceBackups(db, source.id, listedBackups)) {
        const copies = (await listCopiesOf(db, row.id)).filter(({ state }) => state === "STORED");
        const storages = copies.map(({ storageId }) => names.get(storageId) ?? storageId);
        const { name, createdAt, encrypted, folder } = row;
        found.push({ ...{ source: source.name, name, createdAt, encrypted, folder, storages }, storedSize: row.storedSize ?? 0 });
      }
    return found;
  }

  return {
    /** Makes the kit of the key file's keys. A user's password is asked for again; API tokens are refused. */
    async create(actor: Actor | null, password: string | null): Promise<RecoveryKit> {
      allow(actor, "configure");
      await prove(actor, password);
      const at = now();
      const [current, ...older] = await keys.secrets();
      const html = recoveryKitHtml({
        madeAt: at,
        machine,
        address: publicUrl(),
        version,
        keys: [kitKey(current), ...older.map(kitKey)],
        recoveryRecipients: (await settings.current()).recoveryRecipients,
        storages: (await listStorages(db)).map(({ name, kind, config }) => ({ name, kind, location: locationOf(kind, config) })),
        backups: await newest(),
      });
      for (const { id } of [current, ...older]) await keys.noteKit(id);
      await audit.record(actor, "recoveryKit.create", current.id);
      return { filename: `holdfast-recovery-kit-${current.id}-${at.toISOString().slice(0, 10)}.html`, html };
    },
  };
}

const kitKey = (key: Omit<KitKey, "identitySum" | "lineSum">): KitKey => ({
  ...key,
  identitySum: sumOf(key.identity),
  lineSum: sumOf(key.line),
});

/** What `sha256sum` prints of a file that holds this line, as far as it is worth comparing. */
const sumOf = (line: string) => createHash("sha256").update(`${line}\n`).digest("hex").slice(0, 16);
