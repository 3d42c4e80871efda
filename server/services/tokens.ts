import { createHash, randomBytes } from "node:crypto";
import { type Role, roles } from "../../shared/enums.ts";
import { type ApiToken, deleteApiToken, findApiTokenByHash, insertApiToken, listApiTokens, markApiTokenUsed } from "../db/api-tokens.ts";
import type { Db } from "../db/client.ts";
import { type Actor, allow } from "../domain/access.ts";
import { badInput, notFound } from "../domain/errors.ts";
import { type ApiTokenId, newId } from "../domain/ids.ts";
import { checkedName, checkedWord } from "./account-input.ts";
import type { Audit } from "./audit.ts";

export interface ApiTokenRequest {
  readonly name: string;
  readonly role: Role;
  /** Null: until it is revoked. */
  readonly expiresAt: Date | null;
}

export type Tokens = ReturnType<typeof createTokens>;

const secretForm = /^hf_[A-Za-z0-9_-]{43}$/;
const useNotedEvery = 60_000;

/** API tokens: bearer credentials for scripts. */
export const createTokens = ({ db, audit, now }: { readonly db: Db; readonly audit: Audit; readonly now: () => Date }) => ({
  /** A new token. `secret` is in clear here and nowhere else: only its SHA-256 is kept. */
  async create(actor: Actor | null, request: ApiTokenRequest): Promise<{ readonly apiToken: ApiToken; readonly secret: string }> {
    allow(actor, "accounts");
    const at = now();
    if (request.expiresAt && !(request.expiresAt > at)) throw badInput("The expiry date is not in the future.");
    const apiToken: ApiToken = {
      id: newId<ApiTokenId>(),
      name: checkedName(request.name, "The token"),
      role: checkedWord(request.role, roles, "role"),
      createdAt: at,
      expiresAt: request.expiresAt,
      lastUsedAt: null,
    };
    const secret = `hf_${randomBytes(32).toString("base64url")}`;
    await insertApiToken(db, { ...apiToken, secretHash: hashOf(secret) });
    await audit.record(actor, "apiToken.create", apiToken.name, { role: apiToken.role, expiresAt: apiToken.expiresAt });
    return { apiToken, secret };
  },

  /** All tokens, oldest first. */
  async list(actor: Actor | null): Promise<readonly ApiToken[]> {
    allow(actor, "accounts");
    return listApiTokens(db);
  },

  /** The token works no more from now on. */
  async revoke(actor: Actor | null, id: ApiTokenId): Promise<void> {
    allow(actor, "accounts");
    const known = (await listApiTokens(db)).find((each) => each.id === id);
    if (!(await deleteApiToken(db, id))) throw notFound("API token", id);
    await audit.record(actor, "apiToken.revoke", known?.name ?? id);
  },

  /** Who sends this secret; null for one that is malformed, unknown, expired or revoked. */
  async actorOf(secret: string): Promise<Actor | null> {
    if (!secretForm.test(secret)) return null;
    // Found by its hash: how long a lookup takes tells nothing about the secrets that exist.
    const token = await findApiTokenByHash(db, hashOf(secret));
    const at = now();
    if (!token || (token.expiresAt && token.expiresAt <= at)) return null;
    const stale = new Date(at.getTime() - useNotedEvery);
    if (!token.lastUsedAt || token.lastUsedAt < stale) await markApiTokenUsed(db, token.id, at, stale);
    return { kind: "token", id: token.id, name: token.name, role: token.role };
  },
});

const hashOf = (secret: string) => createHash("sha256").update(secret).digest("hex");
