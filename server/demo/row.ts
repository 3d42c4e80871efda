import type { Random } from "./random.ts";

/** Instants as the database writes them, counted back from one fixed instant. */
export interface Calendar {
  daysAgo(days: number): string;
}

/** A calendar that ends at `now`; times of day are UTC. */
export const calendarUntil = (now: Date): Calendar => ({
  daysAgo: (days) => new Date(now.getTime() - days * 86_400_000).toISOString().slice(0, 19).replace("T", " "),
});

/** Cents as a decimal: 1299 is "12.99". */
export const decimal = (cents: number): string => (cents / 100).toFixed(2);

/** Bytes by chance, for tokens and references: they may hold quotes, backslashes and zeros. */
export const chanceBytes = (random: Random, length: number): Buffer => Buffer.from(Array.from({ length }, () => random.between(0, 255)));
