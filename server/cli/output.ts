import { styleText } from "node:util";
import stringWidth from "string-width";
import type { Session } from "./session.ts";

/** The result of a command, the only thing on standard output: one JSON object with `--json`, else the text. */
export function answer({ output }: Pick<Session, "output">, result: object, text: string): void {
  process.stdout.write(output.json ? `${JSON.stringify(result, null, 2)}\n` : `${text}\n`);
}

/** Rows under their headings, each column as wide on a terminal as its widest cell; one line for each row, whatever the cells hold. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], color = false): string {
  const lines = [headings, ...rows.map((row) => row.map(onOneLine))];
  const widths = headings.map((_, column) => Math.max(...lines.map((cells) => stringWidth(cells[column] ?? ""))));
  const padded = (cell: string, column: number) => cell + " ".repeat((widths[column] ?? 0) - stringWidth(cell));
  const [first = "", ...rest] = lines.map((cells) => cells.map(padded).join("  ").trimEnd());
  return [color ? styleText("bold", first, { validateStream: false }) : first, ...rest].join("\n");
}

/** Without line breaks and without what a terminal would obey. */
export const onOneLine = (text: string) => text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, "\ufffd");

/** The text, cut where it would take more than `columns` of a terminal. */
export function fitted(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(kept + segment) >= columns) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Whether a stream shows colours: a terminal does, unless the person or the terminal says otherwise. */
export const hasColors = (stream: { readonly isTTY?: boolean; hasColors?(): boolean }) =>
  stream.isTTY === true && stream.hasColors?.() === true;
