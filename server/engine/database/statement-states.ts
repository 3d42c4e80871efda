// What the byte before has led to. Conditional comments (`/*! */`) are code, as they are to the client programs.
export const code = 0;
export const single = 1;
export const double = 2;
export const backtick = 3;
export const lineComment = 4;
export const blockComment = 5;
export const blockStar = 6;
export const dash = 7;
export const dashes = 8;
export const slash = 9;
export const slashStar = 10;
export const slashStarM = 11;
export const delimiterLine = 12;
export const rowLines = 13;
export type State = number;

export const semicolon = Buffer.from(";");
export const newline = 0x0a;
export const backslash = 0x5c;
export const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
export const isLetter = (byte: number) => (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a);

/** The state that a byte of code leads to. */
export function opens(byte: number): State {
  if (byte === 0x27) return single;
  if (byte === 0x22) return double;
  if (byte === 0x60) return backtick;
  if (byte === 0x23) return lineComment;
  if (byte === 0x2d) return dash;
  if (byte === 0x2f) return slash;
  return code;
}

/** The state after a byte of a block comment. */
export function inBlock(state: State, byte: number): State {
  if (state === blockStar && byte === 0x2f) return code;
  return byte === 0x2a ? blockStar : blockComment;
}
