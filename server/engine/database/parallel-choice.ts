import type { DatabaseEngine } from "../../../shared/enums.ts";
import { formatBytes } from "../../../shared/format.ts";
import { Failure } from "../../domain/errors.ts";
import type { SharedSnapshot } from "../../domain/manifest.ts";
import type { ClientTools } from "../part.ts";
import { type Session, select } from "./client.ts";
import type { Outlook } from "./dump-request.ts";
import { lockMethods } from "./privileges.ts";

/** What reads a database, and why. */
export interface Choice {
  readonly engine: Exclude<DatabaseEngine, "AUTO">;
  /** A sentence. */
  readonly reason: string;
  /** How the tables may be locked for a moment, the best first. */
  readonly methods: readonly SharedSnapshot["method"][];
}

/** Below this the dump program is done before several connections would be. */
const smallBytes = 32 * 1024 * 1024;

interface Wish {
  readonly engine: DatabaseEngine;
  readonly tools: ClientTools;
  readonly outlook: Outlook;
}

/** Chooses for AUTO. DUMP_FAILED, with what to do, where PARALLEL is asked for and cannot serve. */
export async function chooseEngine(session: Session, database: string, { engine, tools, outlook }: Wish): Promise<Choice> {
  if (engine === "MYSQLDUMP") return { engine, reason: "It was asked for.", methods: [] };
  const methods = await lockMethods(session, database);
  const obstacle = await obstacleTo(session, tools, outlook, methods);
  if (engine === "PARALLEL") {
    if (obstacle)
      throw new Failure("DUMP_FAILED", `Several connections cannot read this database at once. ${obstacle.message}`, obstacle.hint, {
        reason: "ENGINE_UNFIT",
      });
    return { engine, reason: "It was asked for.", methods };
  }
  const against = obstacle?.message ?? unwise(outlook);
  if (against) return { engine: "MYSQLDUMP", reason: against, methods: [] };
  return { engine: "PARALLEL", reason: `The database is large: ${formatBytes(outlook.facts.dataBytes)}.`, methods };
}

interface Obstacle {
  readonly message: string;
  readonly hint: string;
}

const orElse = "Choose the engine AUTO or MYSQLDUMP for this source.";

async function obstacleTo(
  session: Session,
  tools: ClientTools,
  { facts }: Outlook,
  methods: readonly SharedSnapshot["method"][],
): Promise<Obstacle | null> {
  if (facts.flavour !== "mariadb") return { message: "The server is MySQL, which its own dump program reads.", hint: orElse };
  if (tools.flavour !== "mariadb")
    return { message: "The dump program on this machine is MySQL's.", hint: `Install MariaDB's client programs. ${orElse}` };
  const [galera] = await select<{ Value: string }>(session, "SHOW GLOBAL VARIABLES LIKE 'wsrep_on'");
  if (galera?.Value.toUpperCase() === "ON")
    return { message: "The server is a node of a cluster, which a lock on all tables would hold up.", hint: orElse };
  if (methods.length === 0)
    return {
      message: "The account may not lock the tables for a moment: it has neither the right RELOAD nor LOCK TABLES.",
      hint: `Grant it LOCK TABLES on the database. ${orElse}`,
    };
  return null;
}

/** Why AUTO leaves a database that several connections could read to the dump program; null where it does not. */
function unwise({ facts, outside }: Outlook): string | null {
  const [table] = outside;
  if (table) return `Table ${table.name} is ${table.engine}, which no snapshot holds.`;
  return facts.dataBytes < smallBytes ? `The database is small: ${formatBytes(facts.dataBytes)}.` : null;
}
