import { Field, ID, Int, ObjectType } from "type-graphql";
import type { StorageKind } from "../../../shared/enums.ts";
import { StorageKindEnum } from "../enums.ts";
import { SafeInt } from "../scalars.ts";

@ObjectType("Storage", { description: "Where backups are kept. Secrets are write-only." })
export class StorageType {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
  @Field(() => StorageKindEnum) kind!: StorageKind;
  @Field(() => Boolean) isDefault!: boolean;
  @Field(() => SafeInt) usedBytes!: number;
  @Field(() => SafeInt, { nullable: true }) freeBytes!: number | null;
  @Field(() => Int) backupCount!: number;
  @Field(() => SafeInt, {
    nullable: true,
    description: "Cleanup removes what nothing protects, the oldest first, until its backups take no more; null: no cap.",
  })
  sizeCapBytes!: number | null;
}
