import { Field, InputType, Int } from "type-graphql";
import type { StorageKind } from "../../../shared/enums.ts";
import { StorageKindEnum } from "../enums.ts";
import { SafeInt } from "../scalars.ts";

@InputType()
export class LocalStorageInput {
  @Field(() => String) directory!: string;
}

@InputType()
export class S3StorageInput {
  @Field(() => String) bucket!: string;
  @Field(() => String, { nullable: true, description: "The folder in the bucket; left out for all of it." }) prefix?: string | null;
  @Field(() => String, { nullable: true }) region?: string | null;
  @Field(() => String, { nullable: true, description: "Such as https://minio.example.com:9000; left out for Amazon S3." })
  endpoint?: string | null;
  @Field(() => String) accessKeyId!: string;
  @Field(() => String, { nullable: true, description: "Left out of an update it stays, where endpoint and access key are the same." })
  secretAccessKey?: string | null;
  @Field(() => Boolean, { nullable: true }) forcePathStyle?: boolean | null;
}

@InputType()
export class SftpStorageInput {
  @Field(() => String) host!: string;
  @Field(() => Int, { nullable: true }) port?: number | null;
  @Field(() => String) user!: string;
  @Field(() => String, { nullable: true, description: "Left out of an update it stays, where server and user are the same." })
  password?: string | null;
  @Field(() => String, { nullable: true, description: "In OpenSSH's or PEM format, without a passphrase." }) privateKey?: string | null;
  @Field(() => String, { nullable: true, description: "The server's public key, as readHostKey gives it. Another one is refused." })
  hostKey?: string | null;
  @Field(() => String) directory!: string;
}

@InputType({ description: "Of local, s3 and sftp the one that the kind names." })
export class StorageInput {
  @Field(() => String) name!: string;
  @Field(() => StorageKindEnum) kind!: StorageKind;
  @Field(() => LocalStorageInput, { nullable: true }) local?: LocalStorageInput | null;
  @Field(() => S3StorageInput, { nullable: true }) s3?: S3StorageInput | null;
  @Field(() => SftpStorageInput, { nullable: true }) sftp?: SftpStorageInput | null;
  @Field(() => Boolean, { nullable: true }) isDefault?: boolean | null;
  @Field(() => SafeInt, { nullable: true, description: "Null: no cap. Left out of an update it stays." }) sizeCapBytes?: number | null;
  @Field(() => SafeInt, { nullable: true, description: "Null: as fast as it goes. Left out of an update it stays." })
  bytesPerSecond?: number | null;
  @Field(() => Boolean, {
    nullable: true,
    description: "Takes what lies there now for this storage, though the file that marks it is gone or another's.",
  })
  adopt?: boolean | null;
}
