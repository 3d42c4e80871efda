import { Field, ID, Int, ObjectType } from "type-graphql";
import type { ChannelKind, DeliveryStatus, NotificationEvent } from "../../../shared/enums.ts";
import { ChannelKindEnum, DeliveryStatusEnum, NotificationEventEnum } from "../enums.ts";
import { PageInfoType } from "../page-info.ts";
import { DateTime } from "../scalars.ts";

/** A channel; what is read from its target comes from the resolver. */
@ObjectType("NotificationChannel", { description: "Where people are told. Its secrets are write-only." })
export class NotificationChannelType {
  @Field(() => ID) id!: string;
  @Field(() => String) name!: string;
  @Field(() => ChannelKindEnum) kind!: ChannelKind;
  @Field(() => Boolean) active!: boolean;
  @Field(() => [NotificationEventEnum]) events!: readonly NotificationEvent[];
  @Field(() => [ID], { nullable: true, description: "Null: of all sources." }) sourceIds!: readonly string[] | null;
  @Field(() => DateTime) createdAt!: Date;
}

@ObjectType("SavedChannel")
export class SavedChannelType {
  @Field(() => NotificationChannelType) channel!: NotificationChannelType;
  @Field(() => String, { nullable: true, description: "Shown this once, when Holdfast made it." }) signingKey!: string | null;
}

/** A delivery; title and text come from the resolver. */
@ObjectType("Delivery", { description: "Something that was, is being or will be sent." })
export class DeliveryType {
  @Field(() => ID) id!: string;
  @Field(() => ID, { nullable: true, description: "Null: the mail of the settings, or a channel that was removed since." })
  channelId!: string | null;
  @Field(() => String) channelName!: string;
  @Field(() => NotificationEventEnum) event!: NotificationEvent;
  @Field(() => DeliveryStatusEnum) status!: DeliveryStatus;
  @Field(() => Int) attempts!: number;
  @Field(() => DateTime, { nullable: true }) nextAttemptAt!: Date | null;
  @Field(() => String, { nullable: true, description: "Why the last try did not do, in a sentence." }) lastError!: string | null;
  @Field(() => DateTime) createdAt!: Date;
  @Field(() => DateTime, { nullable: true }) sentAt!: Date | null;
}

@ObjectType("DeliveryPage")
export class DeliveryPageType {
  @Field(() => [DeliveryType]) nodes!: DeliveryType[];
  @Field(() => PageInfoType) pageInfo!: PageInfoType;
  @Field(() => Int) totalCount!: number;
}

@ObjectType("Alert", { description: "Something that is wrong now, and has been told or would be." })
export class AlertType {
  @Field(() => NotificationEventEnum) event!: NotificationEvent;
  @Field(() => String, { description: "What it is about: source:ID, schedule:ID or storage:ID." }) subject!: string;
  @Field(() => DateTime) since!: Date;
  @Field(() => String) title!: string;
  @Field(() => String, { nullable: true, description: "A page of the dashboard." }) path!: string | null;
}

@ObjectType("TestResult")
export class TestResultType {
  @Field(() => Boolean) ok!: boolean;
  @Field(() => String) message!: string;
  @Field(() => String, { nullable: true }) hint!: string | null;
}
