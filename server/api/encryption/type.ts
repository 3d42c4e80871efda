import { Field, ID, Int, ObjectType } from "type-graphql";
import { DateTime } from "../scalars.ts";

@ObjectType("EncryptionKey", { description: "A key of the key file, without its secret." })
export class EncryptionKeyType {
  @Field(() => ID) id!: string;
  @Field(() => String, { description: "What backups are encrypted to: an age recipient." }) recipient!: string;
  @Field(() => Boolean, { description: "New backups are sealed with it." }) current!: boolean;
  @Field(() => DateTime, { nullable: true, description: "Null where nobody took note." }) createdAt!: Date | null;
  @Field(() => DateTime, { nullable: true, description: "When its recovery kit was made last." }) kitMadeAt!: Date | null;
  @Field(() => Int, { description: "Complete backups that it opens." }) backups!: number;
}

@ObjectType("RecoveryKit")
export class RecoveryKitType {
  @Field(() => String) filename!: string;
  @Field(() => String, { description: "One page to print, HTML in itself. It holds the key." }) html!: string;
}
