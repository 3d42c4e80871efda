import { Field, ID, ObjectType } from "type-graphql";
import type { CopyState } from "../../../shared/enums.ts";
import { CopyStateEnum } from "../enums.ts";
import { OperationType } from "../operation/type.ts";
import { DateTime } from "../scalars.ts";

/** Its storage comes from the resolver. */
@ObjectType("BackupCopy", { description: "A backup on one of its storages." })
export class BackupCopyType {
  @Field(() => CopyStateEnum) state!: CopyState;
  @Field(() => String, {
    nullable: true,
    description: "Why it is not there, or not gone yet; of one that is STORED: what a verification found wrong with it.",
  })
  problem!: string | null;
  @Field(() => DateTime, { nullable: true, description: "When it is tried again by itself; null: it is not." }) retryAt!: Date | null;
  @Field(() => DateTime, { nullable: true }) storedAt!: Date | null;
  @Field(() => Boolean, { description: "The one that is read first." }) primary!: boolean;
}

/** Backup and storage come from the resolver. */
@ObjectType("Copy", { implements: OperationType, description: "Brings a backup to one more storage." })
export class CopyType extends OperationType {
  @Field(() => ID) override id!: string;
  @Field(() => String, { description: "Who asked; Holdfast itself, where it makes up for what could not be stored." }) actor!: string;
}
