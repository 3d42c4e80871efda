import { type Role, roles } from "../../shared/enums.ts";
import type { Db } from "../db/client.ts";
import { anyUser, insertFirstUser, insertUser, listUsers, type NewUser, type User } from "../db/users.ts";
import { type Actor, allow } from "../domain/access.ts";
import { Failure } from "../domain/errors.ts";
import { newId, type UserId } from "../domain/ids.ts";
import { checkedEmail, checkedName, checkedWord } from "./account-input.ts";
import type { Audit } from "./audit.ts";
import { checkPassword, hashPassword } from "./passwords.ts";

export interface NewAccount {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

export type Users = ReturnType<typeof createUsers>;

/** People who sign in with an email address and a password. */
export function createUsers({ db, audit, now }: { readonly db: Db; readonly audit: Audit; readonly now: () => Date }) {
  async function prepared(account: NewAccount, role: Role): Promise<NewUser> {
    checkPassword(account.password);
    const [name, email] = [checkedName(account.name, "The user"), checkedEmail(account.email)];
    return { id: newId<UserId>(), name, email, role, createdAt: now(), passwordHash: await hashPassword(account.password) };
  }

  return {
    /** Whether nobody can sign in yet, so that the first administrator has to be made. */
    needsSetup: async (): Promise<boolean> => !(await anyUser(db)),

    /** Makes the first administrator; CONFLICT when there is a user already, also one made at this moment elsewhere. The caller proves the right to it. */
    async createFirstAdministrator(account: NewAccount): Promise<User> {
      const user = await prepared(account, "ADMIN");
      if (await insertFirstUser(db, user))
        throw new Failure("CONFLICT", "Holdfast is set up already.", "Sign in, or ask an administrator for an account.");
      await audit.record({ kind: "user", ...seen(user) }, "user.create", user.email, { role: user.role, first: true });
      return seen(user);
    },

    /** Makes the administrator that the settings name, if there is no user at all. Whether it did. */
    async ensureAdministrator(email: string, password: string): Promise<boolean> {
      if (await anyUser(db)) return false;
      const user = await prepared({ name: "Administrator", email, password }, "ADMIN");
      if (await insertFirstUser(db, user)) return false;
      await audit.record({ kind: "cli", name: "environment", role: "ADMIN" }, "user.create", user.email, { role: user.role, first: true });
      return true;
    },

    /** Makes a user; CONFLICT when the address has one. */
    async create(actor: Actor | null, account: NewAccount & { readonly role: Role }): Promise<User> {
      allow(actor, "accounts");
      const user = await prepared(account, checkedWord(account.role, roles, "role"));
      if (await insertUser(db, user))
        throw new Failure("CONFLICT", `There is a user ${user.email} already.`, "Choose another address, or change that user.");
      await audit.record(actor, "user.create", user.email, { role: user.role });
      return seen(user);
    },

    /** All users, oldest first. */
    async list(actor: Actor | null): Promise<readonly User[]> {
      allow(actor, "accounts");
      return listUsers(db);
    },
  };
}

const seen = ({ passwordHash: _, ...user }: NewUser): User => user;
