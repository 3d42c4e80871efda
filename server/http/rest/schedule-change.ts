import { execute, type GraphQLSchema, parse } from "graphql";
import type { Context } from "../../api/context.ts";
import { notFound } from "../../domain/errors.ts";

type Json = Record<string, unknown>;

const document = `query ($id: ID!) { schedule(id: $id) {
  name frequency timeOfDay dayOfWeek dayOfMonth cron timeZone backupType excludeLogs verifyAfter active
  kind missedRuns graceMinutes overlap jitterSeconds retries restoreMode level
  quietHours { from to } source { id } targetSource { id } ownStorageId ownCompression
  ownRetention { days keepLast keepDaily keepWeekly keepMonthly keepYearly } } }`;

/** The input that a schedule would be made anew from, with these changes; throws NOT_FOUND. */
export async function changedSchedule(schema: GraphQLSchema, contextValue: Context, id: string, changes: Json): Promise<Json> {
  const { data, errors } = await execute({ schema, document: parse(document), contextValue, variableValues: { id } });
  if (errors?.[0]) throw errors[0].originalError ?? errors[0];
  const schedule = data?.schedule as Json | null;
  if (!schedule) throw notFound("schedule", id);
  const { source, targetSource, ownStorageId, ownCompression, ownRetention, ...same } = schedule;
  return {
    ...same,
    sourceId: (source as { id: string }).id,
    targetSourceId: (targetSource as { id: string } | null)?.id ?? null,
    storageId: ownStorageId,
    compression: ownCompression,
    retention: ownRetention,
    ...changes,
  };
}
