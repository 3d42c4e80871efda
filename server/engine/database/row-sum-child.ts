// A process of its own that reads a dump from standard input and prints what the rows of one table come to, as JSON.
// Argument: the table's name.
import { readSync } from "node:fs";
import { RowSum } from "./row-sum.ts";
import { leadOf } from "./statement-kind.ts";
import { StatementReader } from "./statement-reader.ts";

const table = process.argv[2];
const sum = new RowSum();
let inside = false;
const reader = new StatementReader({
  begin({ kind, name, notRows }, bytes) {
    inside = kind === "insert" && name === table;
    if (inside) sum.begin(bytes.subarray(leadOf(bytes).length), notRows);
  },
  more(bytes) {
    if (inside) sum.more(bytes);
  },
  end() {
    inside = false;
  },
});
const buffer = Buffer.allocUnsafe(512 * 1024);
for (;;) {
  const length = readSync(0, buffer, 0, buffer.length, null);
  if (length === 0) break;
  reader.feed(buffer.subarray(0, length));
}
reader.finish();
process.stdout.write(JSON.stringify(sum.totals));
