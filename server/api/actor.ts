import type { Trigger } from "../../shared/enums.ts";
import type { Actor } from "../domain/access.ts";

/** What set an operation off, by who asked: a person at the dashboard or at the machine, or a program with a token. */
export const triggerOf = (actor: Actor | null): Trigger => (actor?.kind === "token" ? "API" : actor?.kind === "cli" ? "CLI" : "MANUAL");
