import { Failure } from "../../domain/errors.ts";
import type { ClientTools } from "../../engine/part.ts";
import { findProgram } from "../../engine/process.ts";
import { about, type HealthGroup, type Look } from "./look.ts";

interface Dependencies {
  readonly tools: () => Promise<ClientTools>;
  /** The path of the server program that drills start; a Failure that says how to get it where it is missing. */
  readonly drillServer: () => Promise<string>;
  /** Whether any source has a database: media alone needs no client. */
  readonly hasDatabase: () => Promise<boolean>;
}

/** The programs of other makers that Holdfast starts. */
export const programHealth = ({ tools, drillServer, hasDatabase }: Dependencies): HealthGroup => {
  const look = (check: string, subject: string, found: Look["look"], place: string | null = null): Look => ({
    ...{ check, subject, subjectId: null, place, look: found },
  });
  const [client, drill, zstd] = ["Database client tools", "Server for drills", "Program zstd"];
  const at = (subject: string, place: string | null = null) => about({ subject, subjectId: null, place });
  return {
    name: "programs",
    looks: async () => [
      look("tools.client", client, async () => {
        const say = at(client, "/settings");
        try {
          const found = await present(tools);
          return [say("tools.client", "GOOD", `${found.dump} and ${found.client}, version ${found.version}.`)];
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          const needed = await hasDatabase();
          return [
            say("tools.client", needed ? "ERROR" : "NOTE", error.message, {
              hint: error.hint ?? null,
              command: installed("mariadb-client"),
            }),
          ];
        }
      }),
      look("tools.drill", drill, async () => {
        const say = at(drill);
        try {
          return [say("tools.drill", "GOOD", `${await drillServer()} proves backups by restoring them.`)];
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          return [say("tools.drill", "WARNING", error.message, { hint: error.hint ?? null, command: installed("mariadb-server-core") })];
        }
      }),
      look("tools.zstd", zstd, async () => {
        const path = findProgram("zstd");
        if (path) return [at(zstd)("tools.zstd", "GOOD", `${path}.`)];
        const message =
          "The program zstd is not on this machine: backups are made, but one that others compressed in an unusual way cannot be read.";
        return [
          at(zstd)("tools.zstd", "WARNING", message, { hint: "Restoring without Holdfast needs it too.", command: installed("zstd") }),
        ];
      }),
    ],
  };
};

/** What was found once may have been removed or moved since. */
async function present(tools: Dependencies["tools"]): Promise<ClientTools> {
  const found = await tools();
  for (const program of [found.dump, found.client])
    if (!findProgram(program))
      throw new Failure(
        "SOURCE_UNAVAILABLE",
        `${program} is gone.`,
        "Install it again, or correct the path of the client tools in the settings.",
      );
  return found;
}

const installed = (name: string) => `apt-get install ${name}`;
