import { customType, datetime } from "drizzle-orm/mysql-core";

/** An instant in UTC to the millisecond, whatever the time zone of the session or of the process. */
export const instant = (name: string) => datetime(name, { mode: "date", fsp: 3 });

/** Text compared byte for byte, as names of jobs are; utf8mb4 whatever the database's default is. */
export const exactText = customType<{ data: string; config: { length: number }; configRequired: true }>({
  dataType: ({ length }) => `varchar(${length}) character set utf8mb4 collate utf8mb4_bin`,
});

/** Longer text for people, such as the message of an error; `clipped` makes any value fit. */
export const longText = customType<{ data: string }>({
  dataType: () => "text character set utf8mb4 collate utf8mb4_bin",
});

/** The head of a message that fits a `longText` column whatever characters it holds; what is not text (anything can be thrown) becomes it. */
export const clipped = (message: unknown) => String(message).slice(0, 16_000);

/**
 * A JSON document kept as text. The servers' JSON type is not one thing: MariaDB's is text, MySQL's is binary, reorders keys,
 * and is parsed by the driver, which makes a document that is a bare string ambiguous. Their JSON functions take text alike.
 */
export const json = customType<{ data: unknown; driverData: string }>({
  dataType: () => "longtext character set utf8mb4 collate utf8mb4_bin",
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (text) => JSON.parse(text),
});
