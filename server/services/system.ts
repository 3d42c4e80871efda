import { type Actor, allow } from "../domain/access.ts";
import { Failure } from "../domain/errors.ts";
import { locationOf } from "../domain/storage.ts";
import type { ClientTools } from "../engine/part.ts";
import { findProgram } from "../engine/process.ts";
import type { Sources } from "./sources.ts";
import type { Storages } from "./storages.ts";

/** One thing that Holdfast needs, and how to get it where it lacks. */
export interface SystemCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
  readonly hint: string | null;
}

interface Dependencies {
  readonly version: string;
  /** The catalog in words: "embedded MariaDB 10.11.18 in /data". */
  readonly catalog: string;
  readonly home: string;
  readonly tools: () => Promise<ClientTools>;
  /** The path of the server program that drills start; a Failure that says how to get it where it is missing. */
  readonly drillServer: () => Promise<string>;
  readonly sources: Sources;
  readonly storages: Storages;
}

/** What is missing or wrong on this machine, and how to mend it. */
export const createSystem = ({ version, catalog, home, tools, drillServer, sources, storages }: Dependencies) => ({
  async inspect(actor: Actor | null): Promise<{ version: string; catalog: string; home: string; checks: SystemCheck[] }> {
    allow(actor, "read");
    const programs = await Promise.all([
      check("Database client tools", async () => {
        const found = await tools();
        return `${found.dump} and ${found.client}, version ${found.version}.`;
      }),
      check("zstd", async () => {
        const path = findProgram("zstd");
        if (!path)
          throw new Failure(
            "INTERNAL",
            "The program zstd is not on this machine, so backups cannot be compressed with it.",
            "apt-get install zstd",
          );
        return path;
      }),
      check("Server for drills", async () => `${await drillServer()} proves backups by restoring them.`),
    ]);
    const places = await Promise.all(
      (await storages.list(actor)).map((storage) =>
        check(`Storage ${storage.name}`, async () => {
          await (await storages.open(storage.id)).check();
          return `${locationOf(storage.kind, storage.config)} can be written and read.`;
        }),
      ),
    );
    const protectedThings = await Promise.all(
      (await sources.list(actor)).map((source) =>
        check(`Source ${source.name}`, async () => {
          const found = await sources.check({ kind: "cli", name: "checks", role: "ADMIN" }, source.id, null);
          if (!found.ok) throw new Failure("SOURCE_UNAVAILABLE", found.message ?? "It cannot be backed up.", found.hint ?? found.grants[0]);
          return found.serverVersion
            ? `Server ${found.serverVersion}; all privileges that a backup needs.`
            : "Its media folders can be read.";
        }),
      ),
    );
    return { version, catalog, home, checks: [...programs, ...places, ...protectedThings] };
  },
});

async function check(name: string, look: () => Promise<string>): Promise<SystemCheck> {
  try {
    return { name, ok: true, message: await look(), hint: null };
  } catch (error) {
    if (error instanceof Failure) return { name, ok: false, message: error.message, hint: error.hint ?? null };
    throw error;
  }
}
