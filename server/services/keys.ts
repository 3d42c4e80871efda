import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { Authenticity } from "../../shared/enums.ts";
import type { Db } from "../db/client.ts";
import { changeMark, readMark } from "../db/marks.ts";
import { countBackupsByKey } from "../db/secrets.ts";
import { type Actor, allow } from "../domain/access.ts";
import { Failure } from "../domain/errors.ts";
import type { Manifest } from "../domain/manifest.ts";
import { authenticate, authenticityOf, judge } from "../engine/authentication.ts";
import type { Seal } from "../engine/backup.ts";
import { encryptAge } from "../engine/codec/age.ts";
import { identityFrom, recipientOf } from "../engine/codec/age-keys.ts";
import { decrypted } from "../engine/encryption.ts";
import type { Storage } from "../engine/storage/storage.ts";
import type { StoredBackup } from "../engine/stored-content.ts";
import type { Audit } from "./audit.ts";
import { type Rotation, rotateKey } from "./key-rotation.ts";
import type { SecretKey } from "./secret-key.ts";
import type { Secrets } from "./secrets.ts";
import type { OwnedSettings } from "./settings.ts";
import type { Signing } from "./signing.ts";

interface Dependencies {
  readonly db: Db;
  readonly audit: Audit;
  readonly secrets: Secrets;
  readonly settings: Pick<OwnedSettings, "current">;
  readonly now: () => Date;
}

/** One key of the key file, without anything that is secret about it. */
export interface EncryptionKey {
  readonly id: string;
  /** What backups are encrypted to: `age1…`. */
  readonly recipient: string;
  readonly current: boolean;
  /** Null where it was there before Holdfast took note. */
  readonly createdAt: Date | null;
  readonly kitMadeAt: Date | null;
  /** Complete backups that it opens. */
  readonly backups: number;
}

/** What is noted about a key between runs, as instants. */
interface KeyMark {
  readonly createdAt?: string;
  readonly kitMadeAt?: string;
}

export type Keys = ReturnType<typeof createKeys>;

/**
 * The keys that open backups and prove their manifests. All are derived from the key file, so that it alone opens what was
 * encrypted: its first line is the current key, the others opened what was sealed before.
 */
export function createKeys({ db, audit, secrets, settings, now }: Dependencies) {
  const recipients = new Map<string, Promise<string>>();
  const recipientFor = (key: SecretKey): Promise<string> => {
    const known = recipients.get(key.id) ?? recipientOf(identityOf(key));
    recipients.set(key.id, known);
    return known;
  };
  const keyOf = (keyId: string) => secrets.keys.find(({ id }) => id === keyId) ?? null;
  const macKeyOf = (keyId: string) => {
    if (!keyOf(keyId)) secrets.refresh();
    return keyOf(keyId)?.derive(macPurpose) ?? null;
  };
  const macKey = () => ({ keyId: secrets.keyId, key: secrets.keys[0].derive(macPurpose) });
  const authenticity = (manifest: Manifest, folder: string) => authenticityOf(manifest, folder, macKeyOf);
  const mark = (keyId: string) => readMark<KeyMark>(db, markName(keyId));
  const note = (keyId: string, noted: KeyMark) => changeMark<KeyMark>(db, markName(keyId), (known) => ({ ...known, ...noted }));

  const signing: Signing = {
    sign: async (labels) => ({ ...labels, authentication: authenticate(labels, macKey(), "labels") }),
    judgeLabels: async (labels) => judge(labels, labels.folder, macKeyOf, "labels"),
    // As it was read: what a parser would leave out belongs to the proof. Whoever reads the manifest tells what else is wrong.
    judgeManifest: async (text, folder) => authenticity(JSON.parse(text) as Manifest, folder),
  };

  /** Those of the key file's identities that open it; KEY_MISSING when none does. */
  function identitiesFor({ encryption }: Manifest): string[] {
    const keyId = encryption?.keyId ?? "";
    if (!keyOf(keyId)) secrets.refresh();
    const key = keyOf(keyId);
    if (key) return [identityOf(key)];
    throw new Failure(
      "KEY_MISSING",
      `This backup is encrypted with the key ${keyId}, which is not in the key file.`,
      `Add the line of the key ${keyId} to the file ${secrets.keyFile}, below its first line; it stands in that key's recovery kit. ` +
        "With a recovery identity, its manifest's restoreCommands work without Holdfast.",
      { reason: "KEY_UNAVAILABLE" },
    );
  }

  return {
    signing,

    /** With what a new backup is sealed: proved by the current key, and if `encrypt` encrypted to it and to all recovery recipients. */
    async sealFor(encrypt: boolean): Promise<Seal> {
      secrets.refresh();
      const [key] = secrets.keys;
      if (!encrypt) return { encryption: null, mac: macKey() };
      const own = await recipientFor(key);
      const all = [...new Set([own, ...(await settings.current()).recoveryRecipients])];
      return { encryption: { format: "age-encryption.org/v1", keyId: key.id, recipients: all }, mac: macKey() };
    },

    /**
     * Leaves at the storage's root what proves manifests, encrypted to the server's key and the recovery recipients: so whoever
     * opens a backup with one of them can prove its manifest too. Written once for each key and set of recipients.
     */
    async leaveMacKey(storage: Storage, signal: AbortSignal): Promise<void> {
      const [key] = secrets.keys;
      const all = [await recipientFor(key), ...(await settings.current()).recoveryRecipients].sort();
      const name = `.holdfast/${key.id}-${createHash("sha256").update(all.join()).digest("hex").slice(0, 8)}.mac.age`;
      if ((await storage.size(name)) !== null) return;
      const text = Readable.from([Buffer.from(`${key.derive(macPurpose).toString("hex")}\n`)]);
      await storage.put(name, encryptAge(all)(text), { signal }).catch((error: unknown) => {
        // Another backup left it at this moment.
        if (!(error instanceof Failure && error.code === "CONFLICT")) throw error;
      });
    },

    /** Whether a manifest is what one of our keys wrote for this folder. */
    authenticity: (manifest: Manifest, folder: string): Authenticity => authenticity(manifest, folder),

    /**
     * A backup as its readers want it, decrypted where it is encrypted. A manifest that was altered is ARTIFACT_CORRUPT, one that
     * no key here opens KEY_MISSING.
     */
    readable(stored: StoredBackup): StoredBackup {
      const { manifest, folder } = stored;
      if (authenticity(manifest, folder) === "ALTERED") throw altered(folder);
      return manifest.encryption ? decrypted(stored, identitiesFor(manifest)) : stored;
    },

    /** Refuses what another Holdfast wrote before it is restored: nobody here can tell whether it was altered. */
    refuseForeign(manifest: Manifest, folder: string): void {
      if (authenticity(manifest, folder) !== "FOREIGN") return;
      const keyId = manifest.authentication?.keyId;
      throw new Failure(
        "KEY_MISSING",
        `This backup was written with the key ${keyId}, which is not in the key file: whether it was altered cannot be told.`,
        `Add the line of the key ${keyId} to the file ${secrets.keyFile}, below its first line; it stands in that key's recovery kit. ` +
          "Without it, download the backup and restore it as an upload, which is inspected first.",
        { reason: "KEY_UNAVAILABLE" },
      );
    },

    /** All keys of the key file, the current one first. */
    async list(actor: Actor | null): Promise<readonly EncryptionKey[]> {
      allow(actor, "configure");
      secrets.refresh();
      const counts = await countBackupsByKey(db);
      return Promise.all(
        secrets.keys.map(async (key, at) => ({
          id: key.id,
          recipient: await recipientFor(key),
          current: at === 0,
          createdAt: instantOf((await mark(key.id))?.createdAt),
          kitMadeAt: instantOf((await mark(key.id))?.kitMadeAt),
          backups: counts.get(key.id) ?? 0,
        })),
      );
    },

    /** The keys that backups name and the key file does not hold, with how many backups each would open. */
    async lost(): Promise<readonly { readonly keyId: string; readonly backups: number }[]> {
      secrets.refresh();
      return [...(await countBackupsByKey(db))].filter(([id]) => !keyOf(id)).map(([keyId, backups]) => ({ keyId, backups }));
    },

    currentKeyId: (): string => secrets.keyId,

    /** When the recovery kit of this key was made last; null: never. */
    kitMadeAt: async (keyId: string): Promise<Date | null> => instantOf((await mark(keyId))?.kitMadeAt),

    /** The keys themselves, for the recovery kit alone: the current one, and older ones. */
    async secrets() {
      secrets.refresh();
      const told = async (key: SecretKey) => ({
        id: key.id,
        recipient: await recipientFor(key),
        identity: identityOf(key),
        line: key.line(),
      });
      const [current, ...older] = secrets.keys;
      return [await told(current), ...(await Promise.all(older.map(told)))] as const;
    },

    async noteKit(keyId: string): Promise<void> {
      await note(keyId, { kitMadeAt: now().toISOString() });
    },

    /** Puts a new key in front; new backups are sealed with it. Only at the machine itself. */
    async rotate(actor: Actor | null): Promise<Rotation> {
      allow(actor, "configure");
      if (actor.kind !== "cli")
        throw new Failure("FORBIDDEN", "Keys are rotated at the machine itself.", "Run `holdfast keys rotate` there.");
      const rotation = await rotateKey(db, secrets);
      await note(rotation.keyId, { createdAt: now().toISOString() });
      await audit.record(actor, "key.rotate", rotation.keyId, { from: rotation.oldKeyId, resealed: rotation.resealed });
      return rotation;
    },
  };
}

const macPurpose = "manifest authentication";
const markName = (keyId: string) => `key.${keyId}`;
const identityOf = (key: SecretKey): string => identityFrom(key.derive("age identity"));
const instantOf = (text: string | undefined): Date | null => (text === undefined ? null : new Date(text));

const altered = (folder: string) =>
  new Failure(
    "ARTIFACT_CORRUPT",
    `The manifest of ${folder} is not what Holdfast wrote: its proof does not fit.`,
    "Nothing was touched. Restore another backup, and find out who changed this one.",
    { reason: "MANIFEST_ALTERED" },
  );
