import type { Role } from "../../shared/enums.ts";
import { Failure } from "./errors.ts";

/** Who asks: a signed-in user, an API token, someone at the machine's own command line, or nobody: a schedule. */
export type Actor =
  | { readonly kind: "user"; readonly id: string; readonly name: string; readonly email: string; readonly role: Role }
  | { readonly kind: "token"; readonly id: string; readonly name: string; readonly role: Role }
  | { readonly kind: "cli"; readonly name: string; readonly role: "ADMIN" }
  /** A schedule, or what Holdfast does by itself, such as the daily cleanup; the name says which. */
  | { readonly kind: "schedule"; readonly name: string; readonly role: "ADMIN" };

/** Everything that can be asked for, and the least role that may. */
const leastRole = {
  read: "VIEWER",
  backup: "OPERATOR",
  cancel: "OPERATOR",
  pin: "OPERATOR",
  label: "OPERATOR",
  download: "OPERATOR",
  check: "OPERATOR",
  verify: "OPERATOR",
  runSchedule: "OPERATOR",
  restore: "ADMIN",
  deleteBackup: "ADMIN",
  cleanup: "ADMIN",
  configure: "ADMIN",
  accounts: "ADMIN",
  audit: "ADMIN",
} as const satisfies Record<string, Role>;
export type Permission = keyof typeof leastRole;

const rank: Readonly<Record<Role, number>> = { VIEWER: 0, OPERATOR: 1, ADMIN: 2 };

/** Throws UNAUTHENTICATED or FORBIDDEN unless `actor` may do `permission`. */
export function allow(actor: Actor | null, permission: Permission): asserts actor is Actor {
  if (!actor)
    throw new Failure(
      "UNAUTHENTICATED",
      "Sign in first.",
      "Sign in on the dashboard, or send an API token as `Authorization: Bearer SECRET`.",
    );
  if (rank[actor.role] < rank[leastRole[permission]])
    throw new Failure(
      "FORBIDDEN",
      `This needs the role ${leastRole[permission].toLowerCase()}; you are ${actor.role.toLowerCase()}.`,
      "Ask an administrator.",
    );
}

/** The actor for a log line or a record: never a secret. */
export function describeActor(actor: Actor): string {
  switch (actor.kind) {
    case "user":
      return actor.email;
    case "token":
      return `API token ${actor.name}`;
    case "cli":
      return `command line (${actor.name})`;
    case "schedule":
      return actor.name;
    default:
      throw actor satisfies never;
  }
}
