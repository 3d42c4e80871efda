import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/shared-server.ts"],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // A poll ends as soon as it holds; how long that may take is the machine's own.
    expect: { poll: { timeout: 30_000 } },
    // Two cores: more files at once only make each other late.
    maxWorkers: 2,
    server: { deps: { inline: ["type-graphql", "graphql"] } },
  },
});
