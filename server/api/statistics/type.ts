import { Field, Float, Int, ObjectType } from "type-graphql";
import { DateTime, SafeInt } from "../scalars.ts";
import { SourceType } from "../source/type.ts";
import { StorageType } from "../storage/type.ts";

@ObjectType("DayStatistics", { description: "One day of the settings' time zone." })
export class DayStatisticsType {
  @Field(() => String, { description: "YYYY-MM-DD" }) day!: string;
  @Field(() => Int) completed!: number;
  @Field(() => Int) failed!: number;
  @Field(() => Int) cancelled!: number;
  @Field(() => SafeInt, { description: "Bytes that the backups completed on that day took." }) storedBytes!: number;
  @Field(() => SafeInt, { description: "Stored bytes of all backups kept at the end of the day." }) totalBytes!: number;
  @Field(() => Float, { nullable: true }) averageDurationSeconds!: number | null;
}

@ObjectType("SourceStatistics", {
  description: "What is kept of a source, how it fared over the range, and how it stands against its targets.",
})
export class SourceStatisticsType {
  @Field(() => SourceType) source!: object;
  @Field(() => SafeInt) storedBytes!: number;
  @Field(() => Int) backupCount!: number;
  @Field(() => Float, { nullable: true }) successRate!: number | null;
  @Field(() => Float, { nullable: true }) averageDurationSeconds!: number | null;
  @Field(() => DateTime, { nullable: true, description: "Of the newest completed backup that no verification found damaged." })
  lastGoodAt!: Date | null;
  @Field(() => DateTime, { nullable: true, description: "Of the newest good backup that a drill restored." }) lastProvenAt!: Date | null;
  @Field(() => Float, { nullable: true }) backupAgeSeconds!: number | null;
  @Field(() => Float, { nullable: true }) proofAgeSeconds!: number | null;
  @Field(() => Float, { nullable: true }) targetBackupAgeSeconds!: number | null;
  @Field(() => Float, { nullable: true }) targetProofAgeSeconds!: number | null;
  @Field(() => Boolean, { nullable: true, description: "Whether its age is within the target; null without a target." })
  backupInTarget!: boolean | null;
  @Field(() => Boolean, { nullable: true }) proofInTarget!: boolean | null;
  @Field(() => Float, { nullable: true, description: "Seconds that the last drill took: the measured time to recover." })
  measuredRestoreSeconds!: number | null;
  @Field(() => Float, { nullable: true, description: "Original to stored bytes of what is kept." }) compressionRatio!: number | null;
  @Field(() => Float, { nullable: true, description: "Original bytes by the second, over the range." }) bytesPerSecond!: number | null;
}

@ObjectType("StorageStatistics")
export class StorageStatisticsType {
  @Field(() => StorageType) storage!: object;
  @Field(() => SafeInt) storedBytes!: number;
  @Field(() => Int) backupCount!: number;
  @Field(() => SafeInt, { nullable: true }) freeBytes!: number | null;
  @Field(() => Float, { nullable: true, description: "Bytes a day over the range; null with less than a week to tell from." })
  growthPerDay!: number | null;
  @Field(() => DateTime, { nullable: true, description: "When nothing is free any more if it goes on so." }) fullAt!: Date | null;
}

@ObjectType("Statistics", { description: "Counts, rates and durations are of what ended in the range; bytes are of what is kept now." })
export class StatisticsType {
  @Field(() => Int, { description: "All that ended in the range, and those that wait or run." }) totalBackups!: number;
  @Field(() => Int) completedBackups!: number;
  @Field(() => Int) failedBackups!: number;
  @Field(() => Int) cancelledBackups!: number;
  @Field(() => Float, { nullable: true, description: "0 to 1 over the range; null with no finished backup." }) successRate!: number | null;
  @Field(() => SafeInt) storedBytes!: number;
  @Field(() => SafeInt, { description: "The same before compression." }) originalBytes!: number;
  @Field(() => Float, { nullable: true }) compressionRatio!: number | null;
  @Field(() => Float, { nullable: true }) bytesPerSecond!: number | null;
  @Field(() => Float, { nullable: true }) averageDurationSeconds!: number | null;
  @Field(() => Float, { nullable: true }) lastDurationSeconds!: number | null;
  @Field(() => DateTime, { nullable: true }) lastBackupAt!: Date | null;
  @Field(() => DateTime, { nullable: true }) nextRunAt!: Date | null;
  @Field(() => [DayStatisticsType]) byDay!: DayStatisticsType[];
  @Field(() => [SourceStatisticsType]) bySource!: SourceStatisticsType[];
  @Field(() => [StorageStatisticsType]) byStorage!: StorageStatisticsType[];
  @Field(() => Int) verificationsPassed!: number;
  @Field(() => Int) verificationsFailed!: number;
}
