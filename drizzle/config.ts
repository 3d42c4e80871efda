import { defineConfig } from "drizzle-kit";

/** Paths are from the checkout, where `npm run migrations` runs. */
export default defineConfig({
  dialect: "mysql",
  schema: ["./server/db/schema/index.ts", "./server/jobs/backend/schema.ts"],
  out: "./drizzle",
  casing: "snake_case",
  breakpoints: true,
});
