import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { runsOf } from "../../../server/engine/codec/dense.ts";

const text = (length: number) => Buffer.alloc(length, "2024-03-01 12:34:56 GET /products/mug-blue?page=7 HTTP/1.1 200\n");
const kinds = (bytes: Buffer) => runsOf(bytes).map((run) => [run.dense ? "dense" : "loose", run.bytes.length]);

it("tells what was compressed before from what was not, by the content alone", () => {
  expect(kinds(randomBytes(4_000_000))).toEqual([["dense", 4_000_000]]);
  expect(kinds(gzipSync(randomBytes(3_000_000).toString("hex"))).map(([kind]) => kind)).toEqual(["dense"]);
  for (const bytes of [text(4_000_000), Buffer.alloc(4_000_000), Buffer.from(randomBytes(2_000_000).toString("base64"))])
    expect(kinds(bytes)).toEqual([["loose", bytes.length]]);
});

it("cuts where one ends and the other begins, not for a few kilobytes, and loses no byte", () => {
  const mixed = Buffer.concat([text(1_048_576), randomBytes(1_048_576), text(100_000), randomBytes(20)]);
  expect(Buffer.concat(runsOf(mixed).map(({ bytes }) => bytes)).equals(mixed)).toBe(true);
  expect(kinds(Buffer.concat([text(1_048_576), randomBytes(2_097_152)]))).toEqual([
    ["loose", 1_048_576],
    ["dense", 2_097_152],
  ]);
  expect(kinds(Buffer.concat([text(1_048_576), randomBytes(131_072), text(1_048_576)]))).toEqual([
    ["loose", 1_048_576],
    ["dense", 131_072],
    ["loose", 1_048_576],
  ]);
  expect(kinds(Buffer.concat([text(1_048_576), randomBytes(60_000)]))).toEqual([["loose", 1_108_576]]);
});

it("takes nothing for dense that is too short to tell", () => {
  expect(kinds(randomBytes(1000))).toEqual([["loose", 1000]]);
  expect(runsOf(Buffer.alloc(0))).toEqual([]);
});
