import type { Db } from "../db/client.ts";
import { withMark } from "../db/marks.ts";
import { lockSealed, type SealedText, writeSealed } from "../db/secrets.ts";
import { Failure } from "../domain/errors.ts";
import { channelContext, passwordContext, storageContext } from "./secret-contexts.ts";
import type { Secrets } from "./secrets.ts";

/** What a rotation did. */
export interface Rotation {
  readonly oldKeyId: string;
  readonly keyId: string;
  /** Secrets of the catalog that the new key seals now. */
  readonly resealed: number;
  /** Those that no key at hand opens; they stay as they are. */
  readonly unopened: number;
}

/**
 * Puts a new key in front of the key file and seals the catalog's secrets with it. The file comes first: whatever happens
 * then, it holds the key of every secret.
 */
export async function rotateKey(db: Db, secrets: Secrets): Promise<Rotation> {
  let oldKeyId: string | null = null;
  return withMark<Rotation>(db, "key.rotation", async (_, tx) => {
    secrets.refresh();
    // One new key, however often the server has the transaction done.
    if (oldKeyId === null) {
      oldKeyId = secrets.keyId;
      await secrets.rotate();
    }
    let [resealed, unopened] = [0, 0];
    for (const text of await lockSealed(tx)) {
      const sealed = sealedAnew(secrets, text);
      if (sealed === null) unopened += 1;
      else {
        await writeSealed(tx, { ...text, sealed });
        resealed += 1;
      }
    }
    return { oldKeyId, keyId: secrets.keyId, resealed, unopened };
  });
}

function sealedAnew(secrets: Secrets, text: SealedText): string | null {
  const context = contextOf(text);
  try {
    return secrets.seal(secrets.open(text.sealed, context), context);
  } catch (error) {
    if (error instanceof Failure && error.code === "KEY_MISSING") return null;
    throw error;
  }
}

function contextOf(text: SealedText): string {
  switch (text.place) {
    case "source":
      return passwordContext(text.id);
    case "channel":
      return channelContext(text.id);
    case "storage":
      return storageContext(text.id);
    case "setting":
      return text.id;
    default:
      throw text satisfies never;
  }
}
