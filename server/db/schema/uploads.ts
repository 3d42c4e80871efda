import { index, mysqlTable, varchar } from "drizzle-orm/mysql-core";
import type { ErrorCode } from "../../../shared/codes.ts";
import type { UploadState } from "../../../shared/enums.ts";
import type { UploadId } from "../../domain/ids.ts";
import type { Inspection } from "../../domain/inspection.ts";
import { bytes, id, instant, json, word } from "../columns.ts";

/** Files sent in to be restored. The file's own name is for people only; on the disk it has its id. */
export const uploads = mysqlTable(
  "uploads",
  {
    id: id<UploadId>().primaryKey(),
    filename: varchar({ length: 255 }).notNull(),
    size: bytes().notNull(),
    receivedBytes: bytes().notNull().default(0),
    state: word<UploadState>().notNull(),
    /** Such as sql.zst or tar.gz or holdfast; null until it is known. */
    format: varchar({ length: 32 }),
    inspection: json<Inspection>(),
    problem: json<{ readonly code: ErrorCode; readonly reason: string | null; readonly message: string; readonly hint: string | null }>(),
    actor: varchar({ length: 255 }).notNull(),
    createdAt: instant().notNull(),
    /** When it is removed, used or not. */
    expiresAt: instant().notNull(),
  },
  (table) => [index("uploads_expires").on(table.expiresAt)],
);
