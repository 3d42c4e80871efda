import { Field, InputType, Int } from "type-graphql";
import type { DatabaseEngine, MediaMode } from "../../../shared/enums.ts";
import { DatabaseEngineEnum, MediaModeEnum } from "../enums.ts";
import { SafeInt } from "../scalars.ts";

@InputType()
export class DatabaseInput {
  @Field(() => String, { nullable: true }) host?: string | null;
  @Field(() => Int, { nullable: true }) port?: number | null;
  @Field(() => String) user!: string;
  @Field(() => String, { nullable: true }) password?: string | null;
  @Field(() => String) database!: string;
  @Field(() => String, { nullable: true }) socketPath?: string | null;
  @Field(() => Boolean, { nullable: true }) tls?: boolean | null;
}

@InputType()
export class SourceInput {
  @Field(() => String) name!: string;
  @Field(() => DatabaseInput, { nullable: true }) database?: DatabaseInput | null;
  @Field(() => [String], { nullable: true }) mediaPaths?: string[] | null;
  @Field(() => [String], { nullable: true }) excludePatterns?: string[] | null;
  @Field(() => Int, { nullable: true, description: "Null: as the settings say; 0: no target; left out: as it was." })
  targetBackupAgeHours?: number | null;
  @Field(() => Int, { nullable: true, description: "Null: as the settings say; 0: no target; left out: as it was." })
  targetProofAgeHours?: number | null;
  @Field(() => DatabaseEngineEnum, { nullable: true, description: "Left out: as it was; AUTO for a new source." })
  databaseEngine?: DatabaseEngine | null;
  @Field(() => MediaModeEnum, { nullable: true, description: "Left out: as it was; ARCHIVE for a new source." })
  mediaMode?: MediaMode | null;
  @Field(() => Int, {
    nullable: true,
    description:
      "Connections and threads that its operations may use, 1 to 64. Null: one for each core, four at most; left out: as it was.",
  })
  threads?: number | null;
  @Field(() => SafeInt, {
    nullable: true,
    description: "Uncompressed bytes that its operations may read of it in a second. Null: no limit; left out: as it was.",
  })
  bytesPerSecond?: number | null;
  @Field(() => Boolean, {
    nullable: true,
    description: "Whether its operations give way to all else on the machine. Left out: as it was; true for a new source.",
  })
  lowPriority?: boolean | null;
}
