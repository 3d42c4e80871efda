import type { Message } from "../../server/domain/notification.ts";
import { oneLine } from "../../server/domain/notification-words.ts";

/** A name such as strangers give: mark-up of every kind, a mention, a line break, a change of direction. */
export const hostileName =
  "<script>alert(1)</script> *bold* _it_ `code` [a](http://evil) <!channel> @everyone & \"q\" 'q' \u202eevil\r\nBcc: a@b.example";

export const hostileMessage: Message = {
  event: "BACKUP_FAILED",
  severity: "bad",
  title: oneLine(`${hostileName}: backup failed`, 300),
  text: `Could not reach ${hostileName}.\nLook at it.`,
  facts: [{ name: "Backup", value: hostileName }],
  path: "/backups/1",
  at: "2026-11-22T03:00:00.000Z",
};
