import { formatBytes, formatCount, formatDuration } from "../../shared/format.ts";
import type { ActivityRowFragment, AuditRowFragment } from "../graphql/generated.ts";
import { sentence } from "./text.ts";

type Entry = ActivityRowFragment;

/** What was done to what: "Backup of Shop", "Proof of Nightly, 21 Nov". */
export function activityTitle({
  kind,
  sourceName,
  storageName,
  level,
  name,
}: Pick<Entry, "kind" | "sourceName" | "storageName" | "level" | "name">): string {
  const about = sourceName ? ` of ${sourceName}` : "";
  switch (kind) {
    case "BACKUP":
      return `Backup${about}`;
    case "RESTORE":
      return sourceName ? `Restore into ${sourceName}` : "Restore";
    case "VERIFICATION":
      return `${level === "RESTORE" ? "Proof by restore" : "Check of the bytes"}${name ? ` of ${name}` : about}`;
    case "CLEANUP":
      return "Cleanup";
    case "COPY":
      return `Copy${name ? ` of ${name}` : about}${storageName ? ` to ${storageName}` : ""}`;
    default:
      throw kind satisfies never;
  }
}

/** Where its page is; null where it has none. */
export function activityHref({ kind, id, backupId }: Pick<Entry, "kind" | "id" | "backupId">): string | null {
  const ofBackup = backupId && `/backups/${backupId}`;
  return { BACKUP: `/backups/${id}`, RESTORE: `/restore/${id}`, VERIFICATION: ofBackup, CLEANUP: `/cleanup/${id}`, COPY: ofBackup }[kind];
}

/** What came of it, with the number that matters; null while it runs. */
export function activityOutcome(entry: Entry): string | null {
  const { kind, status, error, durationSeconds, storedSize, passed, removedCount, freedBytes } = entry;
  if (status === "QUEUED" || status === "RUNNING") return null;
  if (status === "FAILED") return error ? sentence(error.message) : "Failed.";
  if (status === "CANCELLED") return "Cancelled.";
  const took = durationSeconds === null ? "" : ` in ${formatDuration(durationSeconds)}`;
  switch (kind) {
    case "BACKUP":
      return `Stored${storedSize === null ? "" : ` ${formatBytes(storedSize)}`}${took}.`;
    case "RESTORE":
      return `Restored${took}.`;
    case "VERIFICATION":
      return passed === false ? "Found not to be whole." : `Found whole${took}.`;
    case "CLEANUP":
      return removedCount
        ? `Removed ${formatCount(removedCount, "backup")}${freedBytes ? `, ${formatBytes(freedBytes)}` : ""}.`
        : "Removed nothing.";
    case "COPY":
      return `Copied${storedSize === null ? "" : ` ${formatBytes(storedSize)}`}${took}.`;
    default:
      throw kind satisfies never;
  }
}

/** Whether that is bad news. */
export const wentWrong = ({ status, passed }: Pick<Entry, "status" | "passed">): boolean => status === "FAILED" || passed === false;

const verbs: Record<string, string> = {
  create: "made",
  update: "changed",
  delete: "deleted",
  pin: "pinned",
  unpin: "unpinned",
  pause: "paused",
  resume: "resumed",
  toggle: "switched",
  reset: "reset",
  retry: "sent again",
  run: "ran",
  revoke: "revoked",
  import: "imported",
  export: "exported",
  signin: "signed in",
};
const nouns: Record<string, string> = {
  channel: "the channel",
  user: "the account",
  token: "the API token",
  download: "a download of",
  settings: "the settings",
  configuration: "the configuration",
};

/** An entry of the log as the end of a sentence that its actor begins: "deleted the backup Nightly". */
export function auditWords({ action, subject }: Pick<AuditRowFragment, "action" | "subject">): string {
  const [noun = action, verb = ""] = action.split(".");
  if (/sign-?_?in/i.test(verb)) return "signed in";
  const thing = nouns[noun] ?? `the ${noun}`;
  return `${verbs[verb] ?? verb} ${thing}${subject ? ` ${subject}` : ""}`.trim();
}

/** The details as names and values, the values short. */
export function auditDetails({ details }: Pick<AuditRowFragment, "details">): [string, string][] {
  return Object.entries(details ?? {}).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
}
