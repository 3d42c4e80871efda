import { boolean, char, mysqlTable, text, varchar } from "drizzle-orm/mysql-core";
import type { StorageKind } from "../../../shared/enums.ts";
import type { StorageId } from "../../domain/ids.ts";
import type { StorageConfig } from "../../domain/storage.ts";
import { bytes, id, instant, json, word } from "../columns.ts";

export const storages = mysqlTable("storages", {
  id: id<StorageId>().primaryKey(),
  name: varchar({ length: 120 }).notNull().unique(),
  kind: word<StorageKind>().notNull(),
  config: json<StorageConfig>().notNull(),
  /** StorageSecrets as sealed JSON; null where its kind has none. */
  secret: text(),
  /** The id in the marker file at its root, which tells it from an empty mount point and from another disk; null until one was written. */
  markerId: char({ length: 36 }),
  /** The marker lay there already: another Holdfast uses the storage too, or did. */
  shared: boolean().notNull().default(false),
  /** The most that is sent to it or read from it in a second; null: as fast as it goes. */
  bytesPerSecond: bytes(),
  isDefault: boolean().notNull().default(false),
  /** Cleanup removes what no limit protects, the oldest first, until no more is used; null: no cap. */
  sizeCapBytes: bytes(),
  createdAt: instant().notNull(),
});
