import { Field, ID, Int, ObjectType } from "type-graphql";
import type { DatabaseEngine, MediaMode } from "../../../shared/enums.ts";
import { DatabaseEngineEnum, MediaModeEnum } from "../enums.ts";
import { DateTime, SafeInt } from "../scalars.ts";

@ObjectType("DatabaseConnection", { description: "Never carries the password." })
export class DatabaseConnectionType {
  @Field(() => String) host!: string;
  @Field(() => Int) port!: number;
  @Field(() => String) user!: string;
  @Field(() => String) database!: string;
  @Field(() => String, { nullable: true }) socketPath!: string | null;
  @Field(() => Boolean) tls!: boolean;
  @Field(() => Boolean) hasPassword!: boolean;
}

@ObjectType("Source", { description: "What is backed up: one MySQL or MariaDB database, any number of media directories, or both." })
export class SourceType {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
  @Field(() => [String]) mediaPaths!: string[];
  @Field(() => [String]) excludePatterns!: string[];
  @Field(() => Int, { nullable: true, description: "The oldest its newest good backup may become; null: as the settings say, 0: any age." })
  targetBackupAgeHours!: number | null;
  @Field(() => Int, {
    nullable: true,
    description: "The oldest its newest proven backup may become; null: as the settings say, 0: any age.",
  })
  targetProofAgeHours!: number | null;
  @Field(() => DatabaseEngineEnum, { description: "How its database is read, unless a schedule or a request says otherwise." })
  databaseEngine!: DatabaseEngine;
  @Field(() => MediaModeEnum, { description: "How its media are kept, unless a schedule or a request says otherwise." })
  mediaMode!: MediaMode;
  @Field(() => Int, {
    nullable: true,
    description: "Connections and threads that its operations may use; null: one for each core, four at most.",
  })
  threads!: number | null;
  @Field(() => SafeInt, {
    nullable: true,
    description: "Uncompressed bytes that its operations may read of it in a second; null: no limit.",
  })
  bytesPerSecond!: number | null;
  @Field(() => Boolean, { description: "Its operations give way to all else on the machine." }) lowPriority!: boolean;
  @Field(() => DateTime) createdAt!: Date;
}

@ObjectType("PathCheck")
export class PathCheckType {
  @Field(() => String) path!: string;
  @Field(() => Boolean) ok!: boolean;
  @Field(() => String, { nullable: true }) message!: string | null;
}

@ObjectType("ConnectionCheck")
export class ConnectionCheckType {
  @Field(() => Boolean) ok!: boolean;
  @Field(() => String, { nullable: true }) serverVersion!: string | null;
  @Field(() => [String]) missingPrivileges!: string[];
  @Field(() => [String], { description: "The GRANT statements that mend what is missing." }) grants!: string[];
  @Field(() => String, { nullable: true }) message!: string | null;
  @Field(() => String, { nullable: true }) hint!: string | null;
  @Field(() => Int, { nullable: true }) tables!: number | null;
  @Field(() => SafeInt, { nullable: true }) bytes!: number | null;
  @Field(() => [PathCheckType]) paths!: PathCheckType[];
}
