// A process of its own, so that the server's event loop and memory stay out of what a stranger sent in: reads one file and
// prints what it found as JSON.
import { inspectFile } from "./inspect-file.ts";

const [path = "", room = "0"] = process.argv.slice(2);
const inspection = await inspectFile(path, Number(room), new AbortController().signal);
process.stdout.write(JSON.stringify(inspection));
