import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import packageFile from "../package.json" with { type: "json" };
import { version } from "../server/version.ts";

const root = resolve(import.meta.dirname, "..");

/** Which part of the house may import which; a part may always import itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  "server/domain": ["shared"],
  "server/engine": ["server/domain", "shared"],
  "server/db": ["server/domain", "shared"],
  "server/events": ["server/domain", "shared"],
  "server/services": ["server/domain", "server/engine", "server/db", "server/events", "shared"],
  "server/jobs/backend": [],
  "server/jobs": ["server/jobs/backend", "server/services", "server/domain", "shared"],
  "server/api": ["server/services", "server/domain", "shared"],
  "server/http": ["server/api", "server/services", "server/domain", "shared"],
  "server/cli": ["server/services", "server/domain", "shared"],
  client: ["shared"],
};
/** Entries and composition roots may import everything. */
const roots = new Set(["server/app.ts", "server/main.ts", "server/serve.ts", "server/cli/main.ts", "server/demo/main.ts"]);
/** Only these may know Drizzle: the catalog, and the backend that stands on its own. */
const drizzleUsers = ["server/db", "server/jobs/backend"];

const parts = Object.keys(mayImport).sort((a, b) => b.length - a.length);
const partOf = (file: string) => parts.find((part) => file.startsWith(`${part}/`)) ?? null;

interface Import {
  readonly from: string;
  readonly to: string;
  /** Loaded when it is needed, so it closes no cycle. */
  readonly lazy: boolean;
}

async function allImports(): Promise<Import[]> {
  const files = (
    await Promise.all(["server", "shared", "client"].map((folder) => readdir(join(root, folder), { recursive: true, withFileTypes: true })))
  )
    .flat()
    .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name) && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, "utf8");
      return [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;"']*?from\s+["']([^"']+)["']|import\(["']([^"']+)["']\)/g)].map(
        (match) => {
          const name = match[1] ?? match[2] ?? "";
          return {
            from: relative(root, file),
            to: name.startsWith(".") ? relative(root, resolve(dirname(file), name)) : name,
            lazy: match[1] === undefined,
          };
        },
      );
    }),
  );
  return found.flat();
}

const imports = await allImports();

describe("the house", () => {
  it("imports only downwards", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [source, target] = [partOf(from), partOf(to)];
      return source && target && source !== target && !roots.has(from) && !mayImport[source]?.includes(target);
    });
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it("knows Drizzle only where the catalog is", () => {
    const wrong = imports.filter(({ from, to }) => /^drizzle-orm\b/.test(to) && !drizzleUsers.some((part) => from.startsWith(`${part}/`)));
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it("has no cycle of imports", () => {
    const edges = Map.groupBy(
      // A component may hold itself.
      imports.filter(({ from, to, lazy }) => !lazy && from !== to && (partOf(to) || to.startsWith("server/"))),
      ({ from }) => from,
    );
    const state = new Map<string, "open" | "done">();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === "done") return;
      if (state.get(file) === "open") {
        cycles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
        return;
      }
      state.set(file, "open");
      for (const { to } of edges.get(file) ?? []) visit(to, [...path, file]);
      state.set(file, "done");
    };
    for (const file of edges.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it("reads the environment in the settings only", async () => {
    const files = imports.map(({ from }) => from).filter((file) => file.startsWith("server/"));
    const readers: string[] = [];
    for (const file of new Set(files)) if (/process\.env/.test(await readFile(join(root, file), "utf8"))) readers.push(file);
    expect(readers.sort()).toEqual(["server/engine/process.ts", "server/settings.ts"]);
  });

  it("states the version that package.json states", () => {
    expect(version).toBe(packageFile.version);
  });
});
