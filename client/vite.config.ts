import { svelte } from "@sveltejs/vite-plugin-svelte";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

const server = "http://127.0.0.1:4400";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [tailwindcss(), svelte({ configFile: false })],
  build: {
    outDir: "../dist/client",
    emptyOutDir: true,
    // Browsers that know light-dark() by themselves: no fallback is generated for it.
    target: ["chrome123", "firefox120", "safari17.5"],
    // Nothing as a data: address, so that the server's content security policy can be strict.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      "^/graphql$": { target: server, ws: true },
      "/api": server,
      "/downloads": server,
    },
  },
});
