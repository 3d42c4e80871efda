import type { Role } from "../../../shared/enums.ts";
import { badInput } from "../../domain/errors.ts";
import { generatePassword } from "../../services/passwords.ts";
import { ask, firstLine } from "../asking.ts";
import { createTokenDocument } from "../documents/definitions.ts";
import { answer } from "../output.ts";
import type { Session } from "../session.ts";

export interface UserOptions {
  readonly email: string;
  readonly name?: string;
  readonly role: string;
  readonly passwordStdin?: boolean;
}

/** create-user: a password that was made up is part of the answer, one that was given never is. */
export async function createUser(session: Session, options: UserOptions): Promise<void> {
  const { services, actor } = session.holdfast.own("Users are made");
  const given = options.passwordStdin ? await firstLine() : session.canAsk ? await typed(session) : null;
  const password = given ?? generatePassword();
  const user = await services.users.create(actor, {
    email: options.email,
    name: options.name ?? options.email,
    password,
    role: roleOf(options.role),
  });
  answer(
    session,
    { ...user, ...(given === null ? { password } : {}) },
    given === null ? `Made ${user.email}. Password: ${password}` : `Made ${user.email}.`,
  );
}

/** The password typed twice; null for none. */
async function typed(session: Session): Promise<string | null> {
  const password = await ask(session, "Password (none: one is made up): ", true);
  if (password === "") return null;
  if ((await ask(session, "Once more: ", true)) !== password) throw badInput("The two passwords differ.", "Try again.");
  return password;
}

export interface TokenOptions {
  readonly name: string;
  readonly role: string;
}

/** create-token. */
export async function createToken(session: Session, { name, role }: TokenOptions): Promise<void> {
  const {
    createApiToken: { apiToken, secret },
  } = await session.holdfast.ask<{ createApiToken: { apiToken: object; secret: string } }>(createTokenDocument, {
    input: { name, role: roleOf(role) },
  });
  answer(session, { ...apiToken, secret }, secret);
}

/** The choices are the roles in lower case. */
const roleOf = (word: string) => word.toUpperCase() as Role;
