import type { ChannelRow } from "../db/channels.ts";
import { Failure } from "../domain/errors.ts";
import type { ChannelId } from "../domain/ids.ts";
import type { ChannelConfig, Message } from "../domain/notification.ts";
import type { Resolve } from "../engine/endpoint.ts";
import { type Beat, sendHeartbeat } from "../engine/notify/heartbeat.ts";
import { lasting, type Outcome } from "../engine/notify/outcome.ts";
import type { Wire } from "../engine/notify/post.ts";
import { type Destination, send } from "../engine/notify/send.ts";
import type { ChannelSecret } from "./channel-request.ts";
import { channelContext } from "./secret-contexts.ts";
import type { Secrets } from "./secrets.ts";
import type { OwnedSettings } from "./settings.ts";

export interface SendingDependencies {
  readonly secrets: Secrets;
  /** Keeps a secret out of the log from now on. */
  readonly conceal: (secret: string) => void;
  readonly settings: Pick<OwnedSettings, "current" | "mail">;
  /** Where the dashboard is, without a slash at its end; null when that is not known. */
  readonly publicUrl: () => string | null;
  readonly resolve?: Resolve;
  readonly now: () => Date;
}

/** Where a message goes: a channel, or what is to become one. */
export type Target = Pick<ChannelRow, "kind" | "config"> & { readonly secret: ChannelSecret };

/** Opens what is secret about channels, and sends one message once. */
export function createSending({ secrets, conceal, settings, publicUrl, resolve, now }: SendingDependencies) {
  function concealed(secret: ChannelSecret): ChannelSecret {
    for (const value of Object.values(secret)) if (value) conceal(value);
    return secret;
  }

  async function destinationOf({ kind, config, secret }: Target): Promise<Destination | Outcome> {
    switch (kind) {
      case "EMAIL": {
        const server = await settings.mail();
        return server
          ? { kind, addresses: config.addresses ?? [], server }
          : lasting("No mail server is known.", "Enter one in the settings, or give HOLDFAST_SMTP_URL.");
      }
      case "TELEGRAM":
        return { kind, url: config.url ?? "", token: secret.token ?? "", chatId: config.chatId ?? "" };
      case "NTFY":
        return { kind, url: config.url ?? "", topic: config.topic ?? "", token: secret.token ?? null };
      case "WEBHOOK":
        return { kind, url: config.url ?? "", signingKey: secret.signingKey ?? "" };
      default:
        return { kind, url: secret.url ?? "" };
    }
  }

  const wire = async (signal: AbortSignal, wholeMilliseconds?: number): Promise<Wire> => ({
    allowed: (await settings.current()).allowedEndpoints,
    ...(resolve ? { resolve } : {}),
    ...(wholeMilliseconds ? { wholeMilliseconds } : {}),
    signal,
  });

  return {
    seal: (id: ChannelId, secret: ChannelSecret): string | null =>
      Object.keys(secret).length > 0 ? secrets.seal(JSON.stringify(concealed(secret)), channelContext(id)) : null,

    /** Throws KEY_MISSING when the key file is another one. */
    targetOf: ({ id, kind, config, secret }: ChannelRow): Target => ({
      kind,
      config,
      secret: secret === null ? {} : concealed(JSON.parse(secrets.open(secret, channelContext(id))) as ChannelSecret),
    }),

    /** Sends `message` under the delivery's `id`; throws only when `signal` aborts. */
    async send(target: Target, id: string, message: Message, signal: AbortSignal, wholeMilliseconds?: number): Promise<Outcome> {
      const destination = await destinationOf(target);
      if ("ok" in destination) return destination;
      const url = publicUrl();
      const link = url !== null && message.path !== null ? `${url}${message.path}` : null;
      return send(destination, { id, message, link }, await wire(signal, wholeMilliseconds), now());
    },

    async beat(target: Target, beat: Beat, signal: AbortSignal): Promise<Outcome> {
      return sendHeartbeat({ url: target.secret.url ?? "" }, beat, null, await wire(signal));
    },
  };
}
export type Sending = ReturnType<typeof createSending>;

/** The mail of the settings as a target. */
export const mailTarget = (addresses: readonly string[]): Target => ({
  kind: "EMAIL",
  config: { addresses } satisfies ChannelConfig,
  secret: {},
});

/** A key that is missing is something to mend, not a bug. */
export const outcomeOf = (error: unknown): Outcome => {
  if (error instanceof Failure) return lasting(error.message, error.hint ?? null);
  throw error;
};
