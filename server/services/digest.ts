import { newestGood } from "../db/alert-history.ts";
import { listRaised } from "../db/alerts.ts";
import { findBackups } from "../db/backups.ts";
import type { Db } from "../db/client.ts";
import { keptBytes, listMissed, listWeek } from "../db/digest.ts";
import { withMark } from "../db/marks.ts";
import { listSources, type SourceRow } from "../db/sources.ts";
import { findProofs } from "../db/verifications.ts";
import { lastDays } from "../domain/days.ts";
import { digestDue, digestMessage } from "../domain/digest.ts";
import { type DigestDay, stateOf, type Week } from "../domain/digest-week.ts";
import type { DeliveryId } from "../domain/ids.ts";
import { lastGoodOf } from "../domain/overdue.ts";
import { wallOf } from "../domain/schedule/zones.ts";
import type { SettingValues } from "../domain/settings.ts";
import type { Bus } from "../events/bus.ts";
import type { Deliveries } from "./deliveries.ts";
import { putIntoOutbox, readAudience } from "./outbox.ts";
import type { OwnedSettings } from "./settings.ts";

interface Dependencies {
  readonly db: Db;
  readonly bus: Bus;
  readonly settings: Pick<OwnedSettings, "current">;
  readonly deliveries: Pick<Deliveries, "wake">;
  readonly now: () => Date;
}

export type Digest = ReturnType<typeof createDigest>;

const lastMark = "digest.last";
/** A digest that is later than this is left out: the next one tells the week. */
const latestMilliseconds = 36 * 3_600_000;

/** Tells once a week how the backups fare. */
export const createDigest = ({ db, bus, settings, deliveries, now }: Dependencies) => ({
  /** Puts the week's digest into the outbox when its time has come: once, whatever processes and restarts there are. */
  async upkeep(): Promise<void> {
    const values = await settings.current();
    const at = now();
    const due = values.weeklyDigest ? digestDue(values.digestDay, values.timeZone, at) : null;
    if (!due) return;
    const told: DeliveryId[] = [];
    await withMark<string>(db, lastMark, async (last, tx) => {
      told.length = 0;
      if (last !== null && new Date(last) >= due) return last;
      if (at.getTime() - due.getTime() <= latestMilliseconds) {
        const message = digestMessage(await weekOf(tx, values, at));
        told.push(...(await putIntoOutbox(tx, await readAudience(tx, values), [{ message, subject: "digest", sourceId: null }], at)));
      }
      return due.toISOString();
    });
    for (const id of told) bus.publish("delivery", { id });
    if (told.length > 0) await deliveries.wake();
  },
});

/** The last seven days, today included. */
async function weekOf(db: Db, { timeZone }: SettingValues, at: Date): Promise<Week> {
  const { names, since } = lastDays(timeZone, at, 7);
  const sources = await listSources(db);
  const dayOf = (instant: Date) => new Date(wallOf(instant.getTime(), timeZone)).toISOString().slice(0, 10);
  const [backups, missed, kept, proofs] = [
    Map.groupBy(await listWeek(db, since), ({ sourceId }) => sourceId),
    Map.groupBy(await listMissed(db, since), ({ sourceId }) => sourceId),
    await keptBytes(db, since),
    sources.length > 0
      ? await findProofs(
          db,
          sources.map(({ id }) => id),
        )
      : [],
  ];
  const proved = new Map(
    (proofs.length > 0
      ? await findBackups(
          db,
          proofs.map(({ backupId }) => backupId),
        )
      : []
    ).map((row) => [row.id, row.createdAt]),
  );

  const daysOf = ({ id }: SourceRow): DigestDay[] =>
    names.map((name) => {
      const taken = (backups.get(id) ?? []).filter(({ createdAt }) => dayOf(createdAt) === name);
      const stored = taken.filter(({ status }) => status === "COMPLETED");
      const failed = taken.length - stored.length;
      const skipped = (missed.get(id) ?? []).filter(({ dueAt }) => dayOf(dueAt) === name);
      const proven = stored.filter((each) => Number(each.proven) === 1).length;
      return { name, state: stateOf({ stored: stored.length, proven, failed, missed: skipped.length }), failures: failed };
    });

  return {
    at,
    attention: (await listRaised(db)).map(({ event, details }) => details?.title ?? event),
    sources: await Promise.all(
      sources.map(async (source) => {
        const proof = proofs.find(({ sourceId }) => sourceId === source.id);
        return {
          ...{ name: source.name, days: daysOf(source), lastGoodAt: lastGoodOf(await newestGood(db, source.id)) },
          ...{ lastProvenAt: (proof && proved.get(proof.backupId)) ?? null, restoreSeconds: proof?.restoreSeconds ?? null },
          ...{ storedBytes: kept.get(source.id)?.stored ?? 0, addedBytes: kept.get(source.id)?.added ?? 0 },
        };
      }),
    ),
  };
}
