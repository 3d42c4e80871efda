import { listChannels } from "../../db/channels.ts";
import type { Db } from "../../db/client.ts";
import { lastDeliveries } from "../../db/deliveries.ts";
import { listSchedules } from "../../db/schedules.ts";
import { Failure } from "../../domain/errors.ts";
import type { HealthCheck } from "../../domain/health.ts";
import type { OwnedSettings } from "../settings.ts";
import { about, type HealthGroup, type Look } from "./look.ts";

interface Dependencies {
  readonly catalog: Db;
  readonly settings: Pick<OwnedSettings, "current" | "mail">;
}

const all = { subject: "Notifications", subjectId: null, place: "/notifications/new" };
const mails = { subject: "Mail server", subjectId: null, place: "/settings" };

/** Whether anybody hears when something goes wrong. */
export const notificationHealth = ({ catalog, settings }: Dependencies): HealthGroup => ({
  name: "notifications",
  looks: async () => {
    const [channels, { emailNotifications, notificationEmails }] = await Promise.all([listChannels(catalog), settings.current()]);
    const mail = emailNotifications && notificationEmails.length > 0;
    const last = new Map(
      (
        await lastDeliveries(
          catalog,
          channels.map(({ id }) => id),
        )
      ).map((row) => [row.channelId, row]),
    );
    const active = channels.filter((channel) => channel.active);
    const ofChannels = active.map((channel): Look => {
      const subject = { subject: `Channel ${channel.name}`, subjectId: channel.id, place: `/notifications/${channel.id}` };
      return { check: "notify.channel", ...subject, look: async () => channelChecks(about(subject), last.get(channel.id), channel.id) };
    });
    const wantsMail = mail || active.some(({ kind }) => kind === "EMAIL");
    const anybody: Look = {
      ...{ check: "notify.any", ...all },
      look: async () => (active.length > 0 || mail ? [] : [await nobody(catalog)]),
    };
    const server: Look = { check: "notify.mail", ...mails, look: async () => (wantsMail ? mailChecks(settings) : []) };
    return [anybody, server, ...ofChannels];
  },
});

async function nobody(catalog: Db): Promise<HealthCheck> {
  const scheduled = (await listSchedules(catalog)).some(({ active }) => active);
  const message = "Nobody is told when something goes wrong: there is no notification channel, and mails are off.";
  return about(all)("notify.any", scheduled ? "WARNING" : "NOTE", message, { hint: "Add a channel: mail, chat, a phone or a webhook." });
}

function channelChecks(
  say: ReturnType<typeof about>,
  last: { readonly status: string; readonly lastError: string | null } | undefined,
  id: string,
): HealthCheck[] {
  if (last?.status === "FAILED")
    return [
      say("notify.channel", "ERROR", `Its last message could not be sent: ${last.lastError ?? "no reason is known"}`, {
        hint: "Test it; what waits or failed is sent again from Notifications.",
        command: `npx holdfast test-notification ${id}`,
      }),
    ];
  return [say("notify.channel", "GOOD", last ? "Its last message went out." : "Nothing had to be sent yet.")];
}

async function mailChecks(settings: Pick<OwnedSettings, "mail">): Promise<HealthCheck[]> {
  const say = about(mails);
  try {
    if (await settings.mail()) return [];
    return [
      say("notify.mail", "ERROR", "Mails are wanted, but there is no mail server to send them by.", {
        hint: "Set its address under Settings, or in HOLDFAST_SMTP_URL.",
      }),
    ];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [say("notify.mail", "ERROR", error.message, { hint: error.hint ?? null })];
  }
}
