/** Small numbers as words, as a sentence has them: 3 is "three", 14 stays "14". */
export const inWords = (value: number): string =>
  ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"][value] ?? value.toLocaleString("en-US");

/** Cuts a long name in the middle, by whole characters as they are seen, so that its beginning and its end both show. */
export function cutMiddle(text: string, most: number): string {
  const seen = [...new Intl.Segmenter().segment(text)].map((piece) => piece.segment);
  if (seen.length <= most) return text;
  const head = Math.ceil((most - 1) * 0.6);
  return `${seen.slice(0, head).join("")}…${seen.slice(seen.length - (most - 1 - head)).join("")}`;
}

/** Ends a sentence once, whatever the message brought along. */
export const sentence = (text: string): string => (/[.?:;…]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);

/** A text without the full stop at its end, to go on from. */
export const bare = (text: string): string => text.trim().replace(/\.$/, "");

/** Lower-cases the first letter, to follow a colon; names in capitals stay. */
export const continued = (text: string): string => (/^[A-Z][a-z]/.test(text) ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : text);
