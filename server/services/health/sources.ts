import type { SourceRow } from "../../db/sources.ts";
import type { Actor } from "../../domain/access.ts";
import { isOlder, serverVersionOf } from "../../domain/client-version.ts";
import { Failure } from "../../domain/errors.ts";
import type { HealthCheck } from "../../domain/health.ts";
import type { ClientTools } from "../../engine/part.ts";
import type { SourceCheck } from "../source-check.ts";
import type { Sources } from "../sources.ts";
import { about, type HealthGroup, type Say, type Subject } from "./look.ts";

interface Dependencies {
  readonly sources: Pick<Sources, "list" | "check">;
  readonly tools: () => Promise<ClientTools>;
}

/** Who looks. */
export const looker: Actor = { kind: "cli", name: "health", role: "ADMIN" };

export const sourceSubject = ({ id, name }: Pick<SourceRow, "id" | "name">): Subject => ({
  ...{ subject: `Source ${name}`, subjectId: id, place: `/sources/${id}` },
});

/** Whether each source can be backed up as it stands. */
export const sourceHealth = ({ sources, tools }: Dependencies): HealthGroup => ({
  name: "sources",
  looks: async () => {
    const rows = await sources.list(looker);
    if (rows.length === 0) return [noSource];
    return rows.map((row) => ({
      ...{ check: "source.reach", ...sourceSubject(row) },
      look: () => checksOf(row, sources, tools),
    }));
  },
});

const nothing: Subject = { subject: "Sources", subjectId: null, place: "/sources/new" };
const noSource = {
  ...{ check: "source.any", ...nothing },
  look: async () => [
    about(nothing)("source.any", "NOTE", "There is no source yet, so nothing is backed up.", {
      hint: "Add one: what should be backed up?",
    }),
  ],
};

async function checksOf(row: SourceRow, sources: Dependencies["sources"], tools: Dependencies["tools"]): Promise<HealthCheck[]> {
  const say = about(sourceSubject(row));
  let found: SourceCheck;
  try {
    found = await sources.check(looker, row.id, null);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [say("source.password", "ERROR", error.message, { hint: error.hint ?? null })];
  }
  return [...databaseChecks(row, found, say), ...(await clientChecks(found, tools, say)), ...mediaChecks(found, say)];
}

function databaseChecks(row: SourceRow, found: SourceCheck, say: Say): HealthCheck[] {
  if (row.databaseName === null) return [];
  if (found.serverVersion !== null && found.missingPrivileges.length === 0)
    return [say("source.reach", "GOOD", `Server ${found.serverVersion}; all privileges that a backup needs.`)];
  if (found.serverVersion !== null)
    return [
      say("source.privileges", "ERROR", `The account lacks privileges that a whole backup needs: ${found.missingPrivileges.join(", ")}.`, {
        hint: "Run this as an administrator of the database.",
        command: found.grants.join("\n"),
      }),
    ];
  if (row.databasePassword === null)
    return [
      say("source.password", "ERROR", `Its database password is not known here, and without one it cannot be reached: ${found.message}`, {
        hint: "Enter the password. After a rebuild from a storage this is expected: passwords are never stored with backups.",
      }),
    ];
  return [say("source.reach", "ERROR", found.message ?? "It cannot be reached.", { hint: found.hint })];
}

async function clientChecks({ serverVersion }: SourceCheck, tools: Dependencies["tools"], say: Say): Promise<HealthCheck[]> {
  const server = serverVersion === null ? null : serverVersionOf(serverVersion);
  // That they are missing is told once, not of each source.
  const client = await tools().catch(() => null);
  if (!server || !client || !isOlder(client, server)) return [];
  return [
    say(
      "source.client",
      "WARNING",
      `The client programs are version ${client.version}, older than the server (${server.major}.${server.minor}).`,
      {
        hint: "What is new in the server may be missing in a dump. Install the client programs of the server's version, or name their folder in the settings.",
        place: "/settings",
        command: "npx holdfast settings --tools-path /path/to/bin",
      },
    ),
  ];
}

function mediaChecks({ paths }: SourceCheck, say: Say): HealthCheck[] {
  const wrong = paths.filter(({ ok }) => !ok);
  if (paths.length === 0) return [];
  if (wrong.length === 0)
    return [say("source.media", "GOOD", paths.length === 1 ? "Its media folder can be read." : "Its media folders can be read.")];
  return [
    say("source.media", "ERROR", wrong.map(({ message }) => message).join(" "), {
      hint: "Mount or make the folder, or give the account that runs Holdfast the right to read it.",
    }),
  ];
}
