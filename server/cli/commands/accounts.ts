import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { type Command, Option } from "commander";
import type { Role } from "../../../shared/enums.ts";
import { answer } from "../output.ts";
import type { InSession, Session } from "../session.ts";

const role = () => new Option("--role <role>", "what it may do").choices(["admin", "operator", "viewer"]).default("admin");

/** create-user and create-token. */
export function accountCommands(program: Command, inSession: InSession): void {
  program
    .command("create-user")
    .description("make someone who can sign in; the password is read from standard input, or made up and printed")
    .requiredOption("--email <address>", "the address to sign in with")
    .option("--name <text>", "their name")
    .addOption(role())
    .option("--json", "print the result as JSON")
    .action((options: { email: string; name?: string; role: string; json?: boolean }) =>
      inSession(options, (session) => createUser(session, options)),
    );

  program
    .command("create-token")
    .description("make an API token; its secret is printed alone on standard output, this once")
    .requiredOption("--name <text>", "what it is for")
    .addOption(role())
    .option("--json", "print the result as JSON")
    .action((options: { name: string; role: string; json?: boolean }) => inSession(options, (session) => createToken(session, options)));
}

async function createUser(session: Session, options: { email: string; name?: string; role: string }): Promise<void> {
  const given = process.stdin.isTTY ? "" : await firstLine();
  const password = given || randomBytes(15).toString("base64url");
  const user = await session.services.users.create(session.actor, {
    email: options.email,
    name: options.name ?? options.email,
    password,
    role: roleOf(options.role),
  });
  answer(
    session,
    { id: user.id, email: user.email, role: user.role, ...(given ? {} : { password }) },
    given ? `Made ${user.email}.` : `Made ${user.email}. Password: ${password}`,
  );
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return "";
}

async function createToken(session: Session, options: { name: string; role: string }): Promise<void> {
  const { apiToken, secret } = await session.services.tokens.create(session.actor, {
    name: options.name,
    role: roleOf(options.role),
    expiresAt: null,
  });
  answer(session, { ...apiToken, secret }, secret);
}

/** The choices above are the roles in lower case. */
const roleOf = (word: string) => word.toUpperCase() as Role;
