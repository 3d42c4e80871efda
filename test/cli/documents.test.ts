import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parse, validate } from "graphql";
import { expect, it } from "vitest";
import { buildApiSchema } from "../../server/api/schema.ts";

const folder = join(import.meta.dirname, "../../server/cli/documents");

it("asks the API for nothing that it does not have", async () => {
  const schema = await buildApiSchema();
  const documents: string[] = [];
  for (const name of await readdir(folder))
    for (const value of Object.values((await import(join(folder, name))) as Record<string, unknown>))
      for (const text of typeof value === "string" ? [value] : Object.values(value ?? {}))
        if (typeof text === "string" && text.includes("{") && /^(query|mutation|subscription|\{)/.test(text)) documents.push(text);
  expect(documents.length).toBeGreaterThan(40);
  for (const text of documents) expect([text, validate(schema, parse(text)).map(({ message }) => message)]).toEqual([text, []]);
});
