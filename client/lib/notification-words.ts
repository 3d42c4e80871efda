import type { ChannelKind, DeliveryStatus, NotificationEvent } from "../../shared/enums.ts";
import { formatCount } from "../../shared/format.ts";
import type { ChannelPartsFragment, DeliveryRowFragment } from "../graphql/generated.ts";

export const kindName: Record<ChannelKind, string> = {
  EMAIL: "Mail",
  SLACK: "Slack",
  DISCORD: "Discord",
  TEAMS: "Microsoft Teams",
  TELEGRAM: "Telegram",
  NTFY: "ntfy",
  WEBHOOK: "Webhook",
  HEARTBEAT: "Heartbeat",
};

/** Where a person finds what the form of a kind asks for. */
export const kindGuide: Record<ChannelKind, string> = {
  EMAIL: "Sent through the mail server of the settings.",
  SLACK: "In Slack: Apps, Incoming WebHooks, Add to Slack, choose a channel, copy the webhook URL.",
  DISCORD: "In Discord: Edit Channel, Integrations, Webhooks, New Webhook, Copy Webhook URL.",
  TEAMS: "In Teams: the menu of the channel, Workflows, “Send webhook alerts to a channel”, then copy the address it ends with.",
  TELEGRAM: "In Telegram: write /newbot to @BotFather and copy the token; then add the bot to the chat that it shall write to.",
  NTFY: "In the ntfy app: subscribe to a topic with a name that nobody guesses, and give the same name here.",
  WEBHOOK: "Holdfast sends JSON by POST to your address, signed with a key, so that you can tell its messages from others.",
  HEARTBEAT:
    "At Healthchecks.io or the like: copy a check's ping URL. Holdfast calls it when a backup begins, is done or fails; when the calls stay away, that service tells you.",
};

/** Each event as the end of "Tell me when…". */
export const eventSentence: Record<NotificationEvent, string> = {
  BACKUP_FAILED: "A backup failed",
  BACKUP_MISSED: "A backup did not start when it was due",
  BACKUP_OVERDUE: "The newest good backup is older than its target",
  VERIFICATION_FAILED: "A backup was found damaged, or could not be restored in a drill",
  RESTORE_FAILED: "A restore failed",
  STORAGE_LOW: "A storage is running full",
  STORAGE_UNREACHABLE: "A storage cannot be used",
  COPIES_MISSING: "A backup is not on all of its storages",
  SIZE_ANOMALY: "A backup is much smaller or larger than those before it",
  CLEANUP_REFUSED: "A storage refuses to delete what has expired",
  SCHEDULE_PAUSED: "Holdfast itself paused a schedule",
  RECOVERED: "Any of these is right again",
  SUCCEEDED: "A backup, a restore or a proof succeeded",
  DIGEST: "A week is over: its digest",
  TEST: "A test",
};

/** The same in two words, for a list. */
export const eventWord: Record<NotificationEvent, string> = {
  BACKUP_FAILED: "Backup failed",
  BACKUP_MISSED: "Backup missed",
  BACKUP_OVERDUE: "Backup overdue",
  VERIFICATION_FAILED: "Proof failed",
  RESTORE_FAILED: "Restore failed",
  STORAGE_LOW: "Storage low",
  STORAGE_UNREACHABLE: "Storage away",
  COPIES_MISSING: "Copies missing",
  SIZE_ANOMALY: "Odd size",
  CLEANUP_REFUSED: "Deletion refused",
  SCHEDULE_PAUSED: "Schedule paused",
  RECOVERED: "Right again",
  SUCCEEDED: "Success",
  DIGEST: "Weekly digest",
  TEST: "Test",
};

/** What is wrong, then that it is right again: what a new channel is told. */
export const wrongEvents: readonly NotificationEvent[] = [
  "BACKUP_FAILED",
  "BACKUP_MISSED",
  "BACKUP_OVERDUE",
  "VERIFICATION_FAILED",
  "RESTORE_FAILED",
  "STORAGE_LOW",
  "STORAGE_UNREACHABLE",
  "COPIES_MISSING",
  "SIZE_ANOMALY",
  "CLEANUP_REFUSED",
  "SCHEDULE_PAUSED",
];
export const chosenAtFirst: readonly NotificationEvent[] = [...wrongEvents, "RECOVERED"];

type Told = Pick<ChannelPartsFragment, "kind" | "events" | "sourceIds">;

/** What a channel is told, in a line: "What is wrong and its end, of all sources". */
export function toldWords({ kind, events, sourceIds }: Told): string {
  const of = sourceIds === null ? "of all sources" : `of ${formatCount(sourceIds.length, "source")}`;
  if (kind === "HEARTBEAT") return `Each backup, ${of}`;
  const has = new Set<NotificationEvent>(events);
  const wrong = wrongEvents.filter((event) => has.has(event)).length;
  const parts = [
    wrong === wrongEvents.length ? "all that is wrong" : wrong > 0 ? `${wrong} of ${wrongEvents.length} kinds of trouble` : null,
    has.has("RECOVERED") ? "its end" : null,
    has.has("SUCCEEDED") ? "successes" : null,
    has.has("DIGEST") ? "the digest" : null,
  ].filter((part) => part !== null);
  if (parts.length === 0) return "Nothing yet: no event is ticked";
  const last = parts.pop() ?? "";
  const text = parts.length > 0 ? `${parts.join(", ")} and ${last}` : last;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}, ${of}`;
}

const storageEvents: readonly NotificationEvent[] = ["STORAGE_LOW", "STORAGE_UNREACHABLE", "COPIES_MISSING", "CLEANUP_REFUSED"];

/** What the button of an alert does: it leads to where it is mended. */
export function alertButton(event: NotificationEvent): string {
  if (storageEvents.includes(event)) return "Look at the storage";
  if (event === "SCHEDULE_PAUSED" || event === "BACKUP_MISSED") return "Look at the schedule";
  return "See what happened";
}

export const deliveryWord: Record<DeliveryStatus, string> = { QUEUED: "Waiting", SENT: "Sent", FAILED: "Failed" };

/** How often it was tried, where that says something: "after 3 attempts", "2 attempts so far". */
export function attemptsWords({ status, attempts }: Pick<DeliveryRowFragment, "status" | "attempts">): string | null {
  if (attempts < 2 && status !== "QUEUED") return null;
  if (status === "QUEUED") return attempts === 0 ? null : `${formatCount(attempts, "attempt")} so far`;
  return `after ${formatCount(attempts, "attempt")}`;
}
