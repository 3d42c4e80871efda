import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Failure } from "../../../server/domain/errors.ts";
import { type Mirrored, mirrored } from "../../../server/engine/storage/mirrored.ts";
import { cut, fails, faulty, type Line, loseAnswer, stall } from "../../support/faulty-storage.ts";
import { memoryStorage } from "../../support/memory-storage.ts";

const folder = "shop/one";
const signal = () => new AbortController().signal;

/** So many chunks of 1 KiB, and how many of them have been asked for. */
function chunks(count: number) {
  const source = {
    read: 0,
    async *bytes() {
      for (; source.read < count; ) {
        source.read += 1;
        yield Buffer.alloc(1024, source.read % 251);
        await turn();
      }
    },
  };
  return source;
}

const bytes = (count = 8) => chunks(count).bytes();
const whole = Buffer.concat(Array.from({ length: 8 }, (_, index) => Buffer.alloc(1024, (index + 1) % 251)));

/** Two storages, the second with faults. */
function two(script: readonly Line[], options: Parameters<typeof mirrored>[1] = {}) {
  const [near, inner] = [memoryStorage(), memoryStorage()];
  const far = faulty(inner, script);
  const both = mirrored(
    [
      { id: "near", name: "Near", storage: near },
      { id: "far", name: "Far", storage: far },
    ],
    options,
  );
  return { near: near.files, far: inner.files, faults: far, both };
}

const failures = async (both: Mirrored) => (await both.outcomes()).map(({ id, failure }) => [id, failure?.message ?? null]);

describe("two storages at once", () => {
  it("both get every byte of what is read once", async () => {
    const { near, far, both } = two([]);
    const source = chunks(8);
    await both.put(`${folder}/a`, source.bytes(), { signal: signal() });
    expect(source.read).toBe(8);
    expect(near.get(`${folder}/a`)).toEqual(whole);
    expect(far.get(`${folder}/a`)).toEqual(whole);
    expect(await failures(both)).toEqual([
      ["near", null],
      ["far", null],
    ]);
  });

  it("go at the pace of the slower one, with only few chunks in memory", async () => {
    const { near, far, faults, both } = two([{ at: "put", does: stall(1024) }]);
    const source = chunks(500);
    const done = both.put(`${folder}/a`, source.bytes(), { signal: signal() });
    await faults.stalled();
    // As long as it would take to read all of it, if nothing held it up.
    for (let each = 0; each < 2000; each += 1) await turn();
    expect(source.read).toBeLessThan(10);
    faults.release();
    await done;
    expect([near.get(`${folder}/a`)?.length, far.get(`${folder}/a`)?.length]).toEqual([500 * 1024, 500 * 1024]);
  });

  it.each<[string, Line, string]>([
    ["at the first byte", { at: "put", does: fails() }, "The storage does not answer."],
    ["in the middle", { at: "put", call: 2, does: cut(3000) }, "The connection was lost."],
    ["at the manifest", { at: "put", name: /manifest/, does: fails() }, "The storage does not answer."],
    ["at the manifest, whose answer is lost", { at: "put", name: /manifest/, does: loseAnswer() }, "The connection was lost."],
  ])("go on with one when the other fails %s, where nothing stays", async (_, line, message) => {
    const told: string[] = [];
    const { near, far, both } = two([line], { onDropped: (name, failure) => told.push(`${name}: ${failure.message}`) });
    for (const name of ["a", "b", "manifest.json"]) await both.put(`${folder}/${name}`, bytes(), { signal: signal() });
    expect([...near.keys()]).toEqual([`${folder}/a`, `${folder}/b`, `${folder}/manifest.json`]);
    expect(near.get(`${folder}/b`)).toEqual(whole);
    expect(await failures(both)).toEqual([
      ["near", null],
      ["far", message],
    ]);
    expect([...far.keys()]).toEqual([]);
    expect(told).toEqual([`Far: ${message}`]);
  });

  it("give up one that takes nothing any more, and go on", async () => {
    const { near, far, both } = two([{ at: "put", does: stall(1024) }], { patienceMilliseconds: 50 });
    await both.put(`${folder}/a`, bytes(), { signal: signal() });
    expect(near.get(`${folder}/a`)).toEqual(whole);
    const [, lost] = await both.outcomes();
    expect(lost?.failure).toMatchObject({ code: "STORAGE_UNAVAILABLE", reason: "STALLED" });
    expect([...far.keys()]).toEqual([]);
  });

  it("fail together with the failure of the first, when none is left", async () => {
    const { near, faults, both } = two([{ at: "put", does: fails(new Failure("STORAGE_FULL", "Far is full.")) }]);
    both.drop("near", new Failure("STORAGE_FULL", "Near is full."));
    await expect(both.put(`${folder}/a`, bytes(), { signal: signal() })).rejects.toThrow("Near is full.");
    expect([near.size, faults.calls("put")]).toEqual([0, 1]);
  });

  it("blame none of them for a source that fails, and keep nothing of it", async () => {
    const { near, far, both } = two([]);
    async function* broken() {
      yield Buffer.alloc(10);
      throw new Error("The dump broke.");
    }
    await expect(both.put(`${folder}/a`, broken(), { signal: signal() })).rejects.toThrow("The dump broke.");
    expect([near.size, far.size]).toEqual([0, 0]);
    expect(await failures(both)).toEqual([
      ["near", null],
      ["far", null],
    ]);
  });

  it("are both stopped by the signal, and blamed for nothing", async () => {
    const { near, far, faults, both } = two([{ at: "put", does: stall(1024) }]);
    const stopping = new AbortController();
    const done = both.put(`${folder}/a`, chunks(500).bytes(), { signal: stopping.signal });
    await faults.stalled();
    stopping.abort(new Failure("CANCELLED", "Cancelled."));
    await expect(done).rejects.toThrow("Cancelled.");
    expect([near.size, far.size]).toEqual([0, 0]);
    expect((await both.outcomes()).every(({ failure }) => failure === null)).toBe(true);
  });

  it("leave alone what lay on one of them under that name", async () => {
    const { near, far, both } = two([]);
    far.set(`${folder}/a`, Buffer.from("another's"));
    await both.put(`${folder}/a`, bytes(), { signal: signal() });
    expect(near.get(`${folder}/a`)).toEqual(whole);
    expect((await both.outcomes())[1]?.failure).toMatchObject({ code: "CONFLICT" });
    expect(far.get(`${folder}/a`)?.toString()).toBe("another's");
  });

  it("are cleared on one although the other refuses", async () => {
    const { near, both } = two([{ at: "remove", does: fails() }]);
    await both.put(`${folder}/a`, bytes(), { signal: signal() });
    await both.remove(`${folder}/a`);
    expect(near.size).toBe(0);
    expect((await both.outcomes())[1]?.failure).toMatchObject({ code: "STORAGE_UNAVAILABLE" });
  });
});
