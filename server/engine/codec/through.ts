import { Readable } from "node:stream";
import type { Codec } from "./decompress.ts";

/** What the codec makes of `source`, as a stream; destroying it lets go of the source at once, even while that is silent. */
export function through(source: Readable, codec: Codec): Readable {
  const stream = Readable.from(codec(source), { objectMode: false });
  stream.once("close", () => source.destroy());
  // Once nobody reads it any more, its failure is nobody's.
  source.on("error", () => {});
  return stream;
}
