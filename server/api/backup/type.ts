import { Field, Float, ID, Int, ObjectType } from "type-graphql";
import type {
  BackupType as BackupTypeWord,
  Compression,
  DatabaseEngine,
  MediaMode,
  Trigger,
  VerificationLevel,
} from "../../../shared/enums.ts";
import { BackupTypeEnum, CompressionEnum, DatabaseEngineEnum, MediaModeEnum, TriggerEnum, VerificationLevelEnum } from "../enums.ts";
import { OperationType } from "../operation/type.ts";
import { PageInfoType } from "../page-info.ts";
import { DateTime, SafeInt } from "../scalars.ts";

@ObjectType("Artifact")
export class ArtifactType {
  @Field(() => String) name!: string;
  @Field(() => String, { description: "database or media" }) part!: string;
  @Field(() => SafeInt, { description: "Uncompressed bytes." }) size!: number;
  @Field(() => SafeInt, { description: "Bytes as stored." }) storedSize!: number;
  @Field(() => String, { description: "Lower-case hex SHA-256 of the stored bytes." }) sha256!: string;
}

@ObjectType("BackupTable")
export class BackupTableType {
  @Field(() => String) name!: string;
  @Field(() => SafeInt) rows!: number;
  @Field(() => SafeInt) bytes!: number;
  @Field(() => String, { nullable: true }) engine!: string | null;
}

@ObjectType("BackupDefinitions")
export class BackupDefinitionsType {
  @Field(() => Int) views!: number;
  @Field(() => Int) triggers!: number;
  @Field(() => Int) procedures!: number;
  @Field(() => Int) functions!: number;
  @Field(() => Int) events!: number;
}

@ObjectType("BinlogPosition", {
  description: "Where the server's binary log was at the moment of the dump: what point-in-time recovery starts from.",
})
export class BinlogPositionType {
  @Field(() => String) file!: string;
  @Field(() => SafeInt) position!: number;
  @Field(() => String, { nullable: true }) gtid!: string | null;
}

@ObjectType("DatabaseSummary", { description: "What the dump holds, counted from its own stream." })
export class DatabaseSummaryType {
  @Field(() => String) name!: string;
  @Field(() => String) serverVersion!: string;
  @Field(() => String) characterSet!: string;
  @Field(() => [BackupTableType]) tables!: BackupTableType[];
  @Field(() => SafeInt) rows!: number;
  @Field(() => BackupDefinitionsType) definitions!: BackupDefinitionsType;
  @Field(() => [String]) notes!: string[];
  @Field(() => Boolean, { description: "Whether its tables can be restored one by one without reading the rest." }) framed!: boolean;
  @Field(() => BinlogPositionType, { nullable: true, description: "Null where the server keeps no binary log, or would not tell." })
  binlog!: BinlogPositionType | null;
}

@ObjectType("MediaRoot")
export class MediaRootType {
  @Field(() => String) path!: string;
  @Field(() => String) prefix!: string;
}

@ObjectType("MediaProblem")
export class MediaProblemType {
  @Field(() => String) path!: string;
  @Field(() => String) problem!: string;
}

@ObjectType("MediaSummary")
export class MediaSummaryType {
  @Field(() => [MediaRootType]) roots!: MediaRootType[];
  @Field(() => SafeInt) files!: number;
  @Field(() => SafeInt) directories!: number;
  @Field(() => SafeInt) links!: number;
  @Field(() => [MediaProblemType]) problems!: MediaProblemType[];
}

@ObjectType("SourceLoad", { description: "What a backup asked of its source while it read the database." })
export class SourceLoadType {
  @Field(() => Int, { description: "Connections to the database at the same time, at most." }) connections!: number;
  @Field(() => Int, {
    nullable: true,
    description: "Statements that the server worked on at the same time, at most, ours among them; null where it would not tell.",
  })
  busiest!: number | null;
  @Field(() => Float, { nullable: true, description: "The same on average." }) average!: number | null;
  @Field(() => SafeInt, { nullable: true, description: "How long nobody could write; null where nothing was locked." })
  lockMilliseconds!: number | null;
  @Field(() => SafeInt, { description: "Uncompressed bytes each second, on average." }) bytesPerSecond!: number;
}

/** A backup; source, storage, database, media and restoreCommands come from the resolver. */
@ObjectType("Backup", { implements: OperationType })
export class BackupType extends OperationType {
  @Field(() => ID) override id!: string;
  @Field(() => String) name!: string;
  @Field(() => String, { nullable: true }) description!: string | null;
  @Field(() => BackupTypeEnum) type!: BackupTypeWord;
  @Field(() => TriggerEnum) trigger!: Trigger;
  @Field(() => CompressionEnum) compression!: Compression;
  @Field(() => Boolean) excludeLogs!: boolean;
  @Field(() => DatabaseEngineEnum, { description: "How its database was asked to be read." }) databaseEngine!: DatabaseEngine;
  @Field(() => DatabaseEngineEnum, {
    nullable: true,
    description: "How it was read, never AUTO; null for one without a database, and before that is decided.",
  })
  engineUsed!: DatabaseEngine | null;
  @Field(() => String, { nullable: true, description: "Why it was read so, as a sentence." }) engineReason!: string | null;
  @Field(() => MediaModeEnum, { description: "How its media are kept." }) mediaMode!: MediaMode;
  @Field(() => SourceLoadType, { nullable: true, description: "Null for one without a database, and until it has been read." })
  sourceLoad!: SourceLoadType | null;
  @Field(() => Boolean, { description: "Its files are in the age format; `recipients` open them." }) encrypted!: boolean;
  @Field(() => String, { nullable: true, description: "The server key that opens it; null where it is not encrypted." })
  keyId!: string | null;
  @Field(() => [ArtifactType]) artifacts!: ArtifactType[];
  @Field(() => SafeInt, { nullable: true }) size!: number | null;
  @Field(() => SafeInt, { nullable: true, description: "All stored bytes that it needs, those that it shares with others among them." })
  storedSize!: number | null;
  @Field(() => SafeInt, {
    nullable: true,
    description: "The stored bytes that it brought; null where it shares none with others, so that they are all its own.",
  })
  addedSize!: number | null;
  @Field(() => VerificationLevelEnum, { nullable: true, description: "The verification that was asked for with it." })
  verify!: VerificationLevel | null;
  @Field(() => Boolean, { description: "Kept by retention whatever its age, and not deletable until unpinned." }) pinned!: boolean;
  @Field(() => String, { nullable: true, description: "Why its storage has not let go of it yet; it is being deleted." })
  deletionProblem!: string | null;
  @Field(() => String, { description: "The folder on the storage, relative to its root." }) folder!: string;
  @Field(() => DateTime) override createdAt!: Date;
}

@ObjectType("BackupPage")
export class BackupPageType {
  @Field(() => [BackupType]) nodes!: BackupType[];
  @Field(() => PageInfoType) pageInfo!: PageInfoType;
  @Field(() => Int) totalCount!: number;
}

@ObjectType("Download")
export class DownloadType {
  @Field(() => String) url!: string;
  @Field(() => String) filename!: string;
  @Field(() => SafeInt, { nullable: true, description: "Null for an archive that is made while it is sent." }) size!: number | null;
  @Field(() => DateTime) expiresAt!: Date;
}
