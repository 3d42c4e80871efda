import { expect, it } from "vitest";
import { keepingFree } from "../../../server/engine/storage/keeping-free.ts";
import { limited } from "../../../server/engine/storage/limited.ts";
import { mirrored } from "../../../server/engine/storage/mirrored.ts";
import { retrying } from "../../../server/engine/storage/retrying.ts";
import { evenParts, growingParts, mostParts, type PartSizes } from "../../../server/engine/storage/s3-parts.ts";
import type { PutOptions } from "../../../server/engine/storage/storage.ts";
import { watched } from "../../../server/engine/storage/watched.ts";
import { memoryStorage } from "../../support/memory-storage.ts";

const [mebi, gibi, tebi] = [1024 ** 2, 1024 ** 3, 1024 ** 4];

const inAll = (sizes: PartSizes) => {
  let sum = 0;
  for (let number = 1; number <= mostParts; number += 1) sum += sizes(number);
  return sum;
};
/** The largest part that a file of this many bytes takes. */
const largestFor = (bytes: number, sizes: PartSizes) => {
  let number = 1;
  for (let sum = sizes(1); sum < bytes; sum += sizes(number)) number += 1;
  return sizes(number);
};

it("sends a file of any expected size in parts of one size, 16 MiB where that is enough", () => {
  for (const gigabytes of [1, 40, 100, 120]) expect(largestFor(gigabytes * gibi, growingParts(gigabytes * gibi))).toBe(16 * mebi);
  const parts = growingParts(2 * tebi);
  expect(largestFor(2 * tebi, parts)).toBe(parts(1));
});

it("takes a file of 5 TiB whatever was expected of it", () => {
  for (const expected of [null, 0, gibi, 100 * gibi, 3 * tebi, 5 * tebi]) expect(inAll(growingParts(expected))).toBeGreaterThan(5 * tebi);
});

it("keeps the parts of one size where the server wants that", () => {
  for (const expected of [null, gibi, 2 * tebi]) {
    const sizes = evenParts(expected);
    expect(sizes(mostParts)).toBe(sizes(1));
    expect(inAll(sizes)).toBeGreaterThan(expected ?? 0);
  }
});

it("hears what is expected through everything that stands before it", async () => {
  const [inner, heard] = [memoryStorage(), [] as (PutOptions["expected"] | undefined)[]];
  const put: typeof inner.put = (name, bytes, options) => {
    heard.push(options.expected);
    return inner.put(name, bytes, options);
  };
  const storage = keepingFree(
    watched(limited(retrying({ ...inner, put }), 1e9), () => {}),
    "Bucket",
    0,
  );
  const both = mirrored([{ id: "bucket", name: "Bucket", storage }]);
  async function* bytes() {
    yield Buffer.from("whole");
  }
  await both.put("shop/one/media.tar", bytes(), { signal: new AbortController().signal, expected: 40 * gibi });
  expect(heard).toEqual([40 * gibi]);
});
