import { Field, Int, ObjectType } from "type-graphql";
import type { Compression, SettingOrigin } from "../../../shared/enums.ts";
import { CompressionEnum, SettingOriginEnum } from "../enums.ts";
import { DateTime } from "../scalars.ts";

@ObjectType("SettingSource", { description: "Where a setting's value comes from." })
export class SettingSourceType {
  @Field(() => String) name!: string;
  @Field(() => SettingOriginEnum) origin!: SettingOrigin;
  @Field(() => String, { nullable: true, description: "The environment's name that gave it." }) environmentName!: string | null;
  @Field(() => DateTime, { nullable: true }) updatedAt!: Date | null;
  @Field(() => String, { nullable: true }) actor!: string | null;
}

@ObjectType("Settings")
export class SettingsType {
  @Field(() => Int) retentionDays!: number;
  @Field(() => Boolean) autoCleanup!: boolean;
  @Field(() => CompressionEnum) compression!: Compression;
  @Field(() => Int, { description: "1 to 9 for GZIP, 1 to 19 for ZSTD." }) compressionLevel!: number;
  @Field(() => Boolean) emailNotifications!: boolean;
  @Field(() => [String]) notificationEmails!: string[];
  @Field(() => Boolean) notifyOnSuccess!: boolean;
  @Field(() => Boolean) notifyOnFailure!: boolean;
  @Field(() => String, { nullable: true, description: "The sender of mails; null: made from the mail server's account." })
  mailFrom!: string | null;
  @Field(() => String, { nullable: true, description: "The mail server's host and port; null where none is known." })
  mailServer!: string | null;
  @Field(() => SettingOriginEnum) mailServerOrigin!: SettingOrigin;
  @Field(() => Boolean) weeklyDigest!: boolean;
  @Field(() => Int, { description: "0 Sunday to 6 Saturday." }) digestDay!: number;
  @Field(() => String, { description: "For the digest, for days of retention and statistics." }) timeZone!: string;
  @Field(() => String, { nullable: true, description: "Folder or program of the client tools; null: found on PATH." })
  toolsPath!: string | null;
  @Field(() => Int, { description: "How many operations run at once." }) concurrency!: number;
  @Field(() => Int) concurrencyPerSource!: number;
  @Field(() => Int) storageLowPercent!: number;
  @Field(() => Int) sizeAnomalyPercent!: number;
  @Field(() => Int, { nullable: true, description: "The oldest that a source's newest backup may become; null: any age." })
  targetBackupAgeHours!: number | null;
  @Field(() => Int, { nullable: true, description: "The oldest that a source's newest proven backup may become; null: any age." })
  targetProofAgeHours!: number | null;
  @Field(() => [String], { description: "Private hosts, addresses and networks that notifications may be sent to." })
  allowedEndpoints!: string[];
  @Field(() => Boolean, { description: "Whether backups are encrypted where neither who asks nor the schedule says otherwise." })
  encryptBackups!: boolean;
  @Field(() => [String], { description: "age recipients that open encrypted backups beside the server's own key." })
  recoveryRecipients!: string[];
  @Field(() => Int, { description: "How long records of failed operations, runs and deliveries are kept." }) historyDays!: number;
  @Field(() => [SettingSourceType], { description: "Where each value comes from, by the name of its field." })
  origins!: SettingSourceType[];
}
