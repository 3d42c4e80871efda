import type { ChannelKind, NotificationEvent } from "../../shared/enums.ts";
import type { ChannelPartsFragment, NotificationChannelInput } from "../graphql/generated.ts";
import { chosenAtFirst } from "../lib/notification-words.ts";
import { listed } from "../lib/settings-words.ts";

/** A channel being written: what the form binds to, and the input that it makes. */
export class ChannelDraft {
  readonly id: string | undefined;
  readonly hasSecret: boolean;
  kind = $state<ChannelKind>("EMAIL");
  name = $state("");
  active = $state(true);
  events = $state<NotificationEvent[]>([...chosenAtFirst]);
  ofAll = $state(true);
  sourceIds = $state<string[]>([]);
  addresses = $state("");
  url = $state("");
  secretUrl = $state("");
  token = $state("");
  chatId = $state("");
  topic = $state("");
  signingKey = $state("");

  constructor(channel: ChannelPartsFragment | null) {
    this.id = channel?.id;
    this.hasSecret = channel?.hasSecret ?? false;
    if (!channel) return;
    this.kind = channel.kind;
    this.name = channel.name;
    this.active = channel.active;
    this.events = [...channel.events];
    this.ofAll = channel.sourceIds === null;
    this.sourceIds = [...(channel.sourceIds ?? [])];
    this.addresses = channel.addresses?.join("\n") ?? "";
    this.url = channel.url ?? "";
    this.chatId = channel.chatId ?? "";
    this.topic = channel.topic ?? "";
  }

  tick(event: NotificationEvent, on: boolean) {
    this.events = on ? [...this.events, event] : this.events.filter((one) => one !== event);
  }

  tickSource(id: string, on: boolean) {
    this.sourceIds = on ? [...this.sourceIds, id] : this.sourceIds.filter((one) => one !== id);
  }

  get input(): NotificationChannelInput {
    const { kind, name, active, events, ofAll, sourceIds } = this;
    const told = { name: name.trim(), kind, active, events: kind === "HEARTBEAT" ? [] : events, sourceIds: ofAll ? null : sourceIds };
    return { ...told, ...this.#fields() };
  }

  /** What the kind takes, no more. A secret left empty is not sent, so that the kept one stays. */
  #fields(): Partial<NotificationChannelInput> {
    const secret = (name: "secretUrl" | "token" | "signingKey") => (this[name].trim() === "" ? {} : { [name]: this[name].trim() });
    switch (this.kind) {
      case "EMAIL":
        return { addresses: listed(this.addresses) };
      case "TELEGRAM":
        return { chatId: this.chatId.trim(), ...secret("token") };
      case "NTFY":
        return { topic: this.topic.trim(), ...(this.url.trim() === "" ? {} : { url: this.url.trim() }), ...secret("token") };
      case "WEBHOOK":
        return { url: this.url.trim(), ...secret("signingKey") };
      case "SLACK":
      case "DISCORD":
      case "TEAMS":
      case "HEARTBEAT":
        return secret("secretUrl");
      default:
        throw this.kind satisfies never;
    }
  }
}
