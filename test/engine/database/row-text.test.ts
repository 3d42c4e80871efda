import { describe, expect, it } from "vitest";
import { demandLiterals } from "../../../server/engine/database/row-literals.ts";
import { AlteredRows, RowText, rowsHeader } from "../../../server/engine/database/row-text.ts";
import { frameOf } from "../../support/written-dump.ts";

const header = rowsHeader("items", ["id", "name"]);
const statement = "INSERT INTO `items` (`id`,`name`) VALUES\n(1,'a'),\n(2,NULL);\n";
const whole = frameOf("items", "`id`,`name`", ["(1,'a')", "(2,NULL)"]);

/** The rows of a frame that is read in pieces of `length`; throws as both looks at it do. */
function rowsOf(frame: string, length: number): string {
  const text = new RowText(header);
  const [bytes, found, pieces]: [Buffer, string[], Buffer[]] = [Buffer.from(frame, "latin1"), [], []];
  for (let at = 0; at < bytes.length; at += length)
    for (const piece of text.read(Buffer.from(bytes.subarray(at, at + length)))) {
      pieces.push(piece.bytes);
      if (!piece.ends) continue;
      const rows = Buffer.concat(pieces.splice(0));
      demandLiterals(rows);
      found.push(rows.toString("latin1"));
    }
  if (!text.whole) throw new AlteredRows("cut off");
  return found.join("|");
}

const hostile: Readonly<Record<string, string>> = {
  "another statement": whole.replace(statement, `${statement}DROP TABLE victim;\n`),
  "another statement in its place": whole.replace(statement, "DROP TABLE victim;\n"),
  "a statement behind the frame": `${whole}DROP TABLE victim;\n`,
  "a statement behind the last row": whole.replace("(2,NULL);", "(2,NULL); DROP TABLE victim;"),
  "a statement behind a row": whole.replace("(1,'a'),", "(1,'a'); DROP TABLE victim; INSERT INTO items VALUES\n(9,'x'),"),
  "a query in the place of a value": whole.replace("'a'", "(SELECT user())"),
  "a call in the place of a value": whole.replace("'a'", "user()"),
  "a number that is a comment": whole.replace("1,", "1--1,"),
  "a text that ends early": whole.replace("'a'", "'a' 'b'"),
  "a text with another quote": whole.replace("'a'", '"a"'),
  "a text with an escape that no writer makes": whole.replace("'a'", "'\\%'"),
  "a text over two lines": whole.replace("'a'", "'a\nb'"),
  "rows of another table": frameOf("others", "`id`", ["(1)"]),
  "other columns": whole.replace("(`id`,`name`)", "(`name`,`id`)"),
  "a statement that goes on": whole.replace("(2,NULL);", "(2,NULL) ON DUPLICATE KEY UPDATE name = user();"),
  "a statement that goes on behind a parenthesis": whole.replace("(2,NULL);", "(2,NULL) RETURNING (1);"),
  "a comment that is run": whole.replace("(1,'a')", "/*!50000 (SELECT 1) */(1,'a')"),
  "a statement without rows": whole.replace("(1,'a'),\n(2,NULL)", ""),
  "a frame without its end": whole.replace("/*!40101 SET NAMES utf8mb4 */;\n", ""),
  "half of a statement": whole.slice(0, whole.indexOf("(2,")),
  "another character set": whole.replace("NAMES binary", "NAMES gbk"),
};

describe("rows on their way to a server", () => {
  it("come out of their frames as they are, wherever the frame is cut into pieces", () => {
    const rows = ["(1,'a;\\n\\'),\\n(\\0')", "(-2.5e-10,NULL)", "(3,'\xff;')"];
    const frame = frameOf("items", "`id`,`name`", rows) + frameOf("items", "`id`,`name`", ["(4,'')"]);
    for (let length = 1; length <= frame.length; length += 1) expect(rowsOf(frame, length)).toBe(`${rows.join(",\n")};\n|(4,'');\n`);
  });

  it.each(Object.entries(hostile))("are refused with %s", (_what, frame) => {
    for (const length of [1, 7, frame.length]) expect(() => rowsOf(frame, length)).toThrow(AlteredRows);
  });
});
