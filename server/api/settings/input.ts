import { Field, ID, InputType, Int } from "type-graphql";
import type { Compression } from "../../../shared/enums.ts";
import type { StorageId } from "../../domain/ids.ts";
import { CompressionEnum } from "../enums.ts";
import { RetentionInput } from "../retention/type.ts";

@InputType({ description: "What is left out stays. Empty text takes a setting away." })
export class SettingsInput {
  @Field(() => Int, { nullable: true }) retentionDays?: number | null;
  @Field(() => Boolean, { nullable: true }) autoCleanup?: boolean | null;
  @Field(() => CompressionEnum, { nullable: true }) compression?: Compression | null;
  @Field(() => Int, { nullable: true }) compressionLevel?: number | null;
  @Field(() => Boolean, { nullable: true }) emailNotifications?: boolean | null;
  @Field(() => [String], { nullable: true }) notificationEmails?: string[] | null;
  @Field(() => Boolean, { nullable: true }) notifyOnSuccess?: boolean | null;
  @Field(() => Boolean, { nullable: true }) notifyOnFailure?: boolean | null;
  @Field(() => RetentionInput, { nullable: true, description: "The limits beside `retentionDays`; its own `days` is refused." })
  retention?: RetentionInput | null;
  @Field(() => String, { nullable: true }) mailFrom?: string | null;
  @Field(() => String, { nullable: true, description: "The mail server as smtp://user:password@host:port; only ever written." })
  smtpUrl?: string | null;
  @Field(() => Boolean, { nullable: true }) weeklyDigest?: boolean | null;
  @Field(() => Int, { nullable: true }) digestDay?: number | null;
  @Field(() => String, { nullable: true }) timeZone?: string | null;
  @Field(() => String, { nullable: true }) toolsPath?: string | null;
  @Field(() => Int, { nullable: true }) concurrency?: number | null;
  @Field(() => Int, { nullable: true }) concurrencyPerSource?: number | null;
  @Field(() => Int, { nullable: true }) storageLowPercent?: number | null;
  @Field(() => Int, { nullable: true }) sizeAnomalyPercent?: number | null;
  @Field(() => Int, { nullable: true, description: "0: none." }) targetBackupAgeHours?: number | null;
  @Field(() => Int, { nullable: true, description: "0: none." }) targetProofAgeHours?: number | null;
  @Field(() => [String], { nullable: true }) allowedEndpoints?: string[] | null;
  @Field(() => Boolean, { nullable: true }) encryptBackups?: boolean | null;
  @Field(() => [String], { nullable: true }) recoveryRecipients?: string[] | null;
  @Field(() => Int, { nullable: true }) historyDays?: number | null;
  @Field(() => ID, { nullable: true }) defaultStorageId?: StorageId | null;
}
