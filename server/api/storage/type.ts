import { Field, ID, Int, ObjectType } from "type-graphql";
import type { StorageKind } from "../../../shared/enums.ts";
import { StorageKindEnum } from "../enums.ts";
import { DateTime, SafeInt } from "../scalars.ts";

@ObjectType("StorageProblem")
export class StorageProblemType {
  @Field(() => String) code!: string;
  @Field(() => String, { nullable: true }) reason!: string | null;
  @Field(() => String) message!: string;
  @Field(() => String, { nullable: true }) hint!: string | null;
}

@ObjectType("LocalStorage")
export class LocalStorageType {
  @Field(() => String, { description: "Without symbolic links in it." }) directory!: string;
}

@ObjectType("S3Storage")
export class S3StorageType {
  @Field(() => String) bucket!: string;
  @Field(() => String) prefix!: string;
  @Field(() => String) region!: string;
  @Field(() => String, { nullable: true }) endpoint!: string | null;
  @Field(() => String) accessKeyId!: string;
  @Field(() => Boolean) forcePathStyle!: boolean;
}

@ObjectType("SftpStorage")
export class SftpStorageType {
  @Field(() => String) host!: string;
  @Field(() => Int) port!: number;
  @Field(() => String) user!: string;
  @Field(() => String) hostKey!: string;
  @Field(() => String, { description: "Of the host key, as `ssh-keygen -l` prints it." }) fingerprint!: string;
  @Field(() => String) directory!: string;
  @Field(() => Boolean) passwordSet!: boolean;
  @Field(() => Boolean) privateKeySet!: boolean;
}

@ObjectType("HostKey", { description: "The public key that an SSH server shows. Compare its fingerprint with one from the server itself." })
export class HostKeyType {
  @Field(() => String) hostKey!: string;
  @Field(() => String) type!: string;
  @Field(() => String) fingerprint!: string;
}

@ObjectType("Storage", { description: "Where backups are kept. Secrets are write-only." })
export class StorageType {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
  @Field(() => StorageKindEnum) kind!: StorageKind;
  @Field(() => Boolean) isDefault!: boolean;
  @Field(() => Boolean, { description: "It was found set up: another Holdfast uses it too, or did." }) shared!: boolean;
  @Field(() => SafeInt) usedBytes!: number;
  @Field(() => SafeInt, { nullable: true, description: "Null where it is unknown, or does not answer soon." }) freeBytes!: number | null;
  @Field(() => SafeInt, { nullable: true, description: "Null where it is unknown, as on S3." }) totalBytes!: number | null;
  @Field(() => Int) backupCount!: number;
  @Field(() => Int, { description: "Copies that it still owes: backups that are to lie here and do not." }) missingCopies!: number;
  @Field(() => SafeInt, {
    nullable: true,
    description: "Cleanup removes what nothing protects, the oldest first, until its backups take no more; null: no cap.",
  })
  sizeCapBytes!: number | null;
  @Field(() => SafeInt, { nullable: true, description: "The most that is sent or read in a second; null: as fast as it goes." })
  bytesPerSecond!: number | null;
  @Field(() => StorageProblemType, {
    nullable: true,
    description: "Why it cannot be used just now, as found by the last look at it; null when nothing is wrong or nobody has looked yet.",
  })
  problem!: StorageProblemType | null;
  @Field(() => DateTime, { nullable: true }) checkedAt!: Date | null;
}
