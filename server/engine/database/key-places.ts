import type { KeyColumn } from "./row-columns.ts";

/** Places between the values of a key column, numbered in the order of the column, so that they can be halved. */
export interface KeyPlaces {
  /** The first and the last place; null where the column itself has to be asked for its least and its greatest value. */
  readonly ends: readonly [bigint, bigint] | null;
  /** A place as an SQL literal. */
  literal(place: bigint): string;
}

const digits = "0123456789abcdefghijklmnopqrstuvwxyz";
/** As many as tell 2.8 * 10^12 places apart; of bytes, 2^48. */
const [textLength, byteLength] = [8, 6];

const integer: KeyPlaces = { ends: null, literal: String };

const text: KeyPlaces = {
  ends: [0n, BigInt(digits.length) ** BigInt(textLength) - 1n],
  literal: (place) => `_latin1'${place.toString(digits.length).padStart(textLength, "0")}'`,
};

const bytes: KeyPlaces = {
  ends: [0n, 256n ** BigInt(byteLength) - 1n],
  literal: (place) => `X'${place.toString(16).padStart(2 * byteLength, "0")}'`,
};

/** The places of a column, null where none are known. Texts are cut at digits and small letters, as hashes and most words are. */
export function placesOf({ kind }: KeyColumn): KeyPlaces | null {
  return kind === "integer" ? integer : kind === "text" ? text : kind === "bytes" ? bytes : null;
}

/** True for what `literal` makes: whatever else a manifest may hold as a bound is not given to a server. */
export const isPlace = (literal: string): boolean => /^(?:-?\d{1,20}|_latin1'[0-9a-z]{8}'|X'[0-9a-f]{12}')$/.test(literal);

/** A question whether the server sorts texts at these places in this order, as its collation has it. */
export function inOrder(literals: readonly string[], collation: string): string {
  if (!/^\w+$/.test(collation)) throw new Error(`Not a collation: ${collation}`);
  const [characterSet = ""] = collation.split("_");
  const sorted = literals.map((literal) => `CONVERT(${literal} USING ${characterSet}) COLLATE ${collation}`);
  return `SELECT ${
    sorted
      .slice(1)
      .map((later, index) => `${sorted[index]} < ${later}`)
      .join(" AND ") || "1"
  } AS sorted`;
}
