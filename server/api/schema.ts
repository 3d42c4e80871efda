import "reflect-metadata";
import type { GraphQLSchema } from "graphql";
import { buildSchema, type PubSub } from "type-graphql";
import { AccountResolver } from "./account/resolver.ts";
import { ActivityResolver } from "./activity/resolver.ts";
import { AuditResolver } from "./audit/resolver.ts";
import { BackupDownloadsResolver } from "./backup/downloads-resolver.ts";
import { BackupFilesResolver } from "./backup/files-resolver.ts";
import { BackupLabelsResolver } from "./backup/labels-resolver.ts";
import { BackupResolver } from "./backup/resolver.ts";
import { CatalogResolver } from "./catalog/resolver.ts";
import { BackupExpiryResolver, CleanupResolver, RetentionVerdictResolver } from "./cleanup/resolver.ts";
import { BackupCopiesResolver, BackupCopyResolver, CopyResolver } from "./copy/resolver.ts";
import { BackupEncryptionResolver, EncryptionResolver } from "./encryption/resolver.ts";
import { HealthResolver } from "./health/resolver.ts";
import { DeliveryResolver } from "./notification/delivery-resolver.ts";
import { NotificationChannelResolver } from "./notification/resolver.ts";
import { OperationResolver, OperationsResolver } from "./operation/resolver.ts";
import { RestoreResolver } from "./restore/resolver.ts";
import { DateTime, SafeInt } from "./scalars.ts";
import { BackupScheduleResolver, ScheduleFieldsResolver } from "./schedule/fields.ts";
import { SchedulesResolver } from "./schedule/resolver.ts";
import { ScheduleRunResolver, ScheduleRunsResolver } from "./schedule-run/resolver.ts";
import { ConfigurationResolver } from "./settings/configuration.ts";
import { SettingsResolver } from "./settings/resolver.ts";
import { SourceResolver } from "./source/resolver.ts";
import { StatisticsResolver } from "./statistics/resolver.ts";
import { StorageResolver } from "./storage/resolver.ts";
import { SystemResolver } from "./system/resolver.ts";
import { UploadResolver } from "./upload/resolver.ts";
import { BackupProofResolver, SourceProofResolver } from "./verification/proof.ts";
import { VerificationResolver } from "./verification/resolver.ts";

/** The GraphQL schema, code first; schema.graphql at the top of the repository is its printed form. */
export const buildApiSchema = (): Promise<GraphQLSchema> =>
  buildSchema({
    resolvers: [
      AccountResolver,
      ActivityResolver,
      AuditResolver,
      BackupCopiesResolver,
      BackupCopyResolver,
      BackupEncryptionResolver,
      BackupExpiryResolver,
      BackupDownloadsResolver,
      BackupFilesResolver,
      BackupLabelsResolver,
      BackupProofResolver,
      BackupResolver,
      BackupScheduleResolver,
      DeliveryResolver,
      EncryptionResolver,
      NotificationChannelResolver,
      CatalogResolver,
      CleanupResolver,
      HealthResolver,
      CopyResolver,
      OperationResolver,
      OperationsResolver,
      RestoreResolver,
      RetentionVerdictResolver,
      ScheduleFieldsResolver,
      ScheduleRunResolver,
      ScheduleRunsResolver,
      SchedulesResolver,
      ConfigurationResolver,
      SettingsResolver,
      SourceProofResolver,
      SourceResolver,
      StatisticsResolver,
      StorageResolver,
      SystemResolver,
      UploadResolver,
      VerificationResolver,
    ],
    scalarsMap: [
      { type: Date, scalar: DateTime },
      { type: Number, scalar: SafeInt },
    ],
    validate: false,
    // Every subscription brings its own `subscribe`; type-graphql asks for a pubSub all the same.
    pubSub: unusedPubSub,
  });

const unusedPubSub: PubSub = {
  publish() {
    throw new Error("Events go over events/bus.ts.");
  },
  subscribe() {
    throw new Error("Events come over events/bus.ts.");
  },
};
