// Runs on the locked Node, after the server's own build. Two libraries come as hundreds of small files with large manifests that Node reads
// again for each file: loading them took 1.5 s of processor time and 150 MB. Bundled beside the build, where it finds them first, they take
// a tenth of that. Tests and tools that run from source go on using the originals.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { inCheckout } from "./checkout.mjs";

const bundled = ["drizzle-orm", "better-auth"];
const output = inCheckout("dist", "node_modules");
const name = bundled.join("|");

/** What the built server imports from them: "drizzle-orm/mysql2" and the like. */
const imported = new Set(
  readdirSync(inCheckout("dist", "server"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".js"))
    .flatMap((path) => [
      ...readFileSync(inCheckout("dist", "server", path), "utf8").matchAll(new RegExp(`from "((?:${name})(?:/[^"]+)?)"`, "g")),
    ])
    .map((match) => match[1] ?? ""),
);

/** @param {string} specifier */
const fileOf = (specifier) => (specifier.includes("/") ? specifier : `${specifier}/index`);

rmSync(output, { recursive: true, force: true });
await build({
  configFile: false,
  root: inCheckout(),
  logLevel: "warn",
  ssr: { noExternal: [new RegExp(`^(${name}|@better-auth/.*|better-call|kysely)(/|$)`)] },
  build: {
    ssr: true,
    target: "node24",
    outDir: output,
    rolldownOptions: {
      input: Object.fromEntries([...imported].map((specifier) => [fileOf(specifier), specifier])),
      output: { entryFileNames: "[name].js", chunkFileNames: "holdfast-bundle/[name]-[hash].js" },
    },
  },
});
for (const folder of [...bundled, "holdfast-bundle"]) {
  const exports = Object.fromEntries(
    [...imported]
      .filter((specifier) => `${specifier}/`.startsWith(`${folder}/`))
      .map((specifier) => [`.${specifier.slice(folder.length)}`, `./${fileOf(specifier).slice(folder.length + 1)}.js`]),
  );
  mkdirSync(join(output, folder), { recursive: true });
  writeFileSync(join(output, folder, "package.json"), `${JSON.stringify({ name: folder, type: "module", exports }, null, 2)}\n`);
}
