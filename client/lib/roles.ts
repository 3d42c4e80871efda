import type { Role } from "../../shared/enums.ts";
import { roleWord } from "./words.ts";

const rank: Record<Role, number> = { VIEWER: 0, OPERATOR: 1, ADMIN: 2 };

/** Why somebody of this role may not do what needs another; null when they may. The server decides; this only says so beforehand. */
export function refusal(role: Role | undefined, needs: Role): string | null {
  if (role === undefined || rank[role] >= rank[needs]) return null;
  return `This needs the role ${roleWord[needs].toLowerCase()}; yours is ${roleWord[role].toLowerCase()}.`;
}
