import { type GraphQLField, type GraphQLSchema, getNamedType, isInputObjectType } from "graphql";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Where a field of the API is found over REST. */
export interface RestRoute {
  readonly operation: "Query" | "Mutation";
  readonly field: GraphQLField<unknown, unknown>;
  readonly method: Method;
  /** Below /api, with `:name` for an argument. */
  readonly path: string;
  readonly responseStatus: number;
  readonly tags: string[];
}

/** The addresses that are not made from the field's name: `METHOD PATH`, and the status of the answer where it is not 200. */
const named: Readonly<Record<string, readonly [Method, string, number?]>> = {
  "Query.backup": ["GET", "/backups/:id"],
  "Query.backupFiles": ["GET", "/backups/:backupId/files"],
  "Mutation.createBackup": ["POST", "/backups", 201],
  "Mutation.deleteBackup": ["DELETE", "/backups/:id"],
  "Mutation.pinBackup": ["POST", "/backups/:id/pin"],
  "Mutation.verifyBackup": ["POST", "/backups/:id/verify", 201],
  "Mutation.createDownload": ["POST", "/backups/:backupId/download", 201],
  "Query.verification": ["GET", "/verifications/:id"],
  "Query.restore": ["GET", "/restores/:id"],
  "Query.restorePlan": ["POST", "/restores/plan"],
  "Mutation.createRestore": ["POST", "/restores", 201],
  "Query.schedule": ["GET", "/schedules/:id"],
  "Query.schedulePreview": ["POST", "/schedules/preview"],
  "Query.scheduleSentence": ["POST", "/schedules/sentence"],
  "Mutation.createSchedule": ["POST", "/schedules", 201],
  "Mutation.updateSchedule": ["PUT", "/schedules/:id"],
  "Mutation.deleteSchedule": ["DELETE", "/schedules/:id"],
  "Mutation.toggleSchedule": ["POST", "/schedules/:id/toggle_active"],
  "Mutation.runSchedule": ["POST", "/schedules/:id/run", 201],
  "Query.activeOperations": ["GET", "/operations"],
  "Mutation.cancelOperation": ["POST", "/operations/:id/cancel"],
  "Query.cleanup": ["GET", "/cleanups/:id"],
  "Mutation.cleanupBackups": ["POST", "/cleanups"],
  "Mutation.resumeCleanup": ["POST", "/cleanups/resume"],
  "Query.source": ["GET", "/sources/:id"],
  "Mutation.createSource": ["POST", "/sources", 201],
  "Mutation.updateSource": ["PUT", "/sources/:id"],
  "Mutation.deleteSource": ["DELETE", "/sources/:id"],
  "Mutation.checkSource": ["POST", "/sources/check"],
  "Query.storage": ["GET", "/storages/:id"],
  "Mutation.createStorage": ["POST", "/storages", 201],
  "Mutation.updateStorage": ["PUT", "/storages/:id"],
  "Mutation.deleteStorage": ["DELETE", "/storages/:id"],
  "Mutation.checkStorage": ["POST", "/storages/check"],
  "Query.upload": ["GET", "/uploads/:id"],
  "Mutation.createUpload": ["POST", "/uploads", 201],
  "Mutation.deleteUpload": ["DELETE", "/uploads/:id"],
  "Mutation.updateSettings": ["PATCH", "/settings"],
  "Mutation.resetSettings": ["POST", "/settings/reset"],
  "Mutation.createApiToken": ["POST", "/api-tokens", 201],
  "Mutation.revokeApiToken": ["DELETE", "/api-tokens/:id"],
  "Mutation.createNotificationChannel": ["POST", "/notification-channels", 201],
  "Mutation.updateNotificationChannel": ["PUT", "/notification-channels/:id"],
  "Mutation.deleteNotificationChannel": ["DELETE", "/notification-channels/:id"],
  "Mutation.testNotificationChannel": ["POST", "/notification-channels/test"],
  "Mutation.retryDelivery": ["POST", "/deliveries/:id/retry"],
};

/** Every query and mutation with its address. */
export function restRoutes(schema: GraphQLSchema): RestRoute[] {
  const of = (operation: "Query" | "Mutation") =>
    Object.values((operation === "Query" ? schema.getQueryType() : schema.getMutationType())?.getFields() ?? {}).map((field) =>
      routeOf(operation, field),
    );
  return [...of("Query"), ...of("Mutation")];
}

function routeOf(operation: "Query" | "Mutation", field: GraphQLField<unknown, unknown>): RestRoute {
  const usual = operation === "Query" && !inputOf(field) ? "GET" : "POST";
  const [method, path, responseStatus = 200] = named[`${operation}.${field.name}`] ?? [usual, `/${dashed(field.name)}`];
  return { operation, field, method, path, responseStatus, tags: [path.split("/")[1] ?? ""] };
}

/** The argument whose fields are the request's body. */
export const inputOf = (field: GraphQLField<unknown, unknown>) =>
  field.args.find(({ name, type }) => name === "input" && isInputObjectType(getNamedType(type)));

/** availableBackups is found at available-backups. */
const dashed = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
