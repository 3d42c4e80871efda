import { Field, InputType } from "type-graphql";
import type { StorageKind } from "../../../shared/enums.ts";
import { StorageKindEnum } from "../enums.ts";

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
}
