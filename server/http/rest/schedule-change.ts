import { execute, type GraphQLSchema, parse } from "graphql";
import type { Context } from "../../api/context.ts";
import { notFound } from "../../domain/errors.ts";

type Json = Record<string, unknown>;

const document = `query ($id: ID!) { schedule(id: $id) {
  name frequency timeOfDay dayOfWeek dayOfMonth cron timeZone backupType excludeLogs databaseEngine mediaMode encrypt verifyAfter active
  kind missedRuns graceMinutes overlap jitterSeconds retries restoreMode level
  quietHours { from to } source { id } targetSource { id } ownStorageId storages { id } ownCompression
  ownRetention { days keepLast keepDaily keepWeekly keepMonthly keepYearly } } }`;

/** The input that a schedule would be made anew from, with these changes; throws NOT_FOUND. */
export async function changedSchedule(schema: GraphQLSchema, contextValue: Context, id: string, changes: Json): Promise<Json> {
  const { data, errors } = await execute({ schema, document: parse(document), contextValue, variableValues: { id } });
  if (errors?.[0]) throw errors[0].originalError ?? errors[0];
  const schedule = data?.schedule as Json | null;
  if (!schedule) throw notFound("schedule", id);
  const { source, targetSource, ownStorageId, storages, ownCompression, ownRetention, ...same } = schedule;
  return {
    ...same,
    sourceId: (source as { id: string }).id,
    targetSourceId: (targetSource as { id: string } | null)?.id ?? null,
    ...placesOf(changes, ownStorageId as string | null, storages as { id: string }[]),
    compression: ownCompression,
    retention: ownRetention,
    ...changes,
  };
}

/** All its storages where nothing else is said; the two ways to name them do not go together. */
function placesOf(changes: Json, own: string | null, storages: readonly { readonly id: string }[]): Json {
  if ("storageId" in changes || "storageIds" in changes) return {};
  return own === null ? { storageId: null } : { storageIds: storages.map(({ id }) => id) };
}
