import { Field, ID, InputType } from "type-graphql";
import type { ChannelKind, NotificationEvent } from "../../../shared/enums.ts";
import type { SourceId } from "../../domain/ids.ts";
import { ChannelKindEnum, NotificationEventEnum } from "../enums.ts";

@InputType({
  description:
    "Which fields a kind takes: EMAIL addresses; SLACK, DISCORD, TEAMS and HEARTBEAT secretUrl; TELEGRAM token and chatId; NTFY topic, and url and token where they are needed; WEBHOOK url, and signingKey, which is made when absent. A secret that is left out of an update is kept, as long as the host stays the same.",
})
export class NotificationChannelInput {
  @Field(() => String) name!: string;
  @Field(() => ChannelKindEnum) kind!: ChannelKind;
  @Field(() => Boolean, { nullable: true, defaultValue: true }) active?: boolean | null;
  @Field(() => [NotificationEventEnum], { nullable: true, description: "Left out: all that is wrong, and its end." })
  events?: NotificationEvent[] | null;
  @Field(() => [ID], { nullable: true, description: "Null: of all sources." }) sourceIds?: SourceId[] | null;
  @Field(() => [String], { nullable: true }) addresses?: string[] | null;
  @Field(() => String, { nullable: true }) url?: string | null;
  @Field(() => String, { nullable: true, description: "An address that is itself a secret." }) secretUrl?: string | null;
  @Field(() => String, { nullable: true }) token?: string | null;
  @Field(() => String, { nullable: true }) chatId?: string | null;
  @Field(() => String, { nullable: true }) topic?: string | null;
  @Field(() => String, { nullable: true, description: "whsec_ and 24 to 64 bytes in base64." }) signingKey?: string | null;
}
