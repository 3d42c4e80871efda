import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

/**
 * The libraries that the set-up bundles beside the built server (server/setup/vendor.mjs says why), for the code that tests run from
 * source too: every test file loads them anew. Where nothing is built yet, the originals serve.
 */
const bundled = ["drizzle-orm", "better-auth"].flatMap((name) => {
  const folder = join(import.meta.dirname, "dist/node_modules", name);
  if (!existsSync(folder)) return [];
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { exports: Record<string, string> };
  return Object.entries(exports).map(([path, file]) => ({ find: new RegExp(`^${name}${path.slice(1)}$`), replacement: join(folder, file) }));
});

export default defineConfig({
  resolve: { alias: bundled },
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
