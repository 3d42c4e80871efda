import { Field, InputType } from "type-graphql";
import type { StorageKind } from "../../../shared/enums.ts";
import { StorageKindEnum } from "../enums.ts";
import { SafeInt } from "../scalars.ts";

@InputType()
export class LocalStorageInput {
  @Field(() => String) directory!: string;
}

@InputType()
export class StorageInput {
  @Field(() => String) name!: string;
  @Field(() => StorageKindEnum) kind!: StorageKind;
  @Field(() => LocalStorageInput, { nullable: true }) local?: LocalStorageInput | null;
  @Field(() => Boolean, { nullable: true }) isDefault?: boolean | null;
  @Field(() => SafeInt, { nullable: true, description: "Null: no cap. Left out of an update it stays." }) sizeCapBytes?: number | null;
}
