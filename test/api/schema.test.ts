import { lexicographicSortSchema, printSchema } from "graphql";
import { expect, it } from "vitest";
import { buildApiSchema } from "../../server/api/schema.ts";

it("is printed in schema.graphql as the code builds it", async () => {
  // After a change: npm run schema
  await expect(`${printSchema(lexicographicSortSchema(await buildApiSchema()))}\n`).toMatchFileSnapshot("../../schema.graphql");
});
