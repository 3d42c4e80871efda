import { insertAuditEntry, pageAuditEntries } from "../db/audit.ts";
import type { Db } from "../db/client.ts";
import { type Actor, allow, describeActor } from "../domain/access.ts";
import { type AuditEntryId, newId } from "../domain/ids.ts";
import { firstOf } from "./paging.ts";

export type { AuditEntryRow } from "../db/audit.ts";

export type AuditDetails = Readonly<Record<string, unknown>>;

/** Writes down who changed what. */
export interface Audit {
  /**
   * Called by the service that made the change, right after it. `action` is noun and verb, such as `schedule.create`;
   * `subject` a name for a person. A secret has no business in `details`; what is named like one is left out all the same.
   */
  record(actor: Actor, action: string, subject: string | null, details?: AuditDetails): Promise<void>;
}

/** Who changed, deleted, restored and signed in, for as long as the catalog lives. */
export const createAudit = ({ db, now }: { readonly db: Db; readonly now: () => Date }) => ({
  async record(actor: Actor, action: string, subject: string | null, details?: AuditDetails): Promise<void> {
    await insertAuditEntry(db, {
      id: newId<AuditEntryId>(),
      createdAt: now(),
      actor: describeActor(actor).slice(0, longest),
      action,
      subject: subject?.slice(0, longest) ?? null,
      details: details ? shown(details) : null,
    });
  },

  /** A page of it, newest first. */
  async page(actor: Actor | null, first: number, after: string | null) {
    allow(actor, "audit");
    return pageAuditEntries(db, firstOf(first), after);
  },
});
export type AuditTrail = ReturnType<typeof createAudit>;

/** What a column holds. */
const longest = 255;
const secretNames = /password|secret|token|key|smtp|passphrase|authorization|cookie/i;

/** The details without whatever is named like a secret, at any depth. */
const shown = (details: AuditDetails): AuditDetails =>
  JSON.parse(JSON.stringify(details, (name, value) => (secretNames.test(name) ? undefined : value)));
