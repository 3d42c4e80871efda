import { once } from "node:events";
import { expect, it } from "vitest";
import { Together } from "../../server/engine/together.ts";

it("ends the others when one fails, and throws what that one threw once all have ended", async () => {
  const together = new Together(new AbortController().signal);
  const tidied = Promise.withResolvers<void>();
  let over = false;
  const heedful = async () => {
    await once(together.signal, "abort");
    await tidied.promise;
    over = true;
    throw new Error("ended");
  };
  const all = together.all([heedful(), Promise.reject(new Error("first")), Promise.resolve()]);
  await once(together.signal, "abort");
  tidied.resolve();
  await expect(all).rejects.toThrow("first");
  expect(over).toBe(true);
});

it("is ended by its caller", () => {
  const caller = new AbortController();
  const together = new Together(caller.signal);
  caller.abort();
  expect(together.signal.aborted).toBe(true);
});
