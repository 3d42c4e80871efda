import { bigint, char, customType, datetime, varchar } from "drizzle-orm/mysql-core";

/** An id column: 36 characters of one of domain/ids.ts's kinds. */
export const id = <T extends string>() => char({ length: 36 }).$type<T>();

/** A UTC instant with milliseconds. */
export const instant = () => datetime({ mode: "date", fsp: 3 });

/** A byte or row count, up to 2^53-1. */
export const bytes = () => bigint({ mode: "number" });

/** A JSON document, parsed by us: MariaDB stores JSON as text and mysql2 parses it only on some servers. */
export const json = <T>() =>
  customType<{ data: T; driverData: string }>({
    dataType: () => "longtext",
    toDriver: (value) => JSON.stringify(value),
    fromDriver: (value) => JSON.parse(value) as T,
  })();

/** One of a union of words. Not an ENUM: a new word then needs no migration, and the types guard the values. */
export const word = <T extends string>() => varchar({ length: 32 }).$type<T>();
