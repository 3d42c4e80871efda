import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/shared-server.ts"],
    // A build machine gives a test a second chance and prints "(retry x1)" beside it: to be found out, not to be waved through.
    // At a desk it fails at once.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Two cores: more files at once only make each other late.
    maxWorkers: 2,
    server: { deps: { inline: ["type-graphql", "graphql"] } },
  },
});
