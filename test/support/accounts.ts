import { randomBytes } from "node:crypto";
import type { Connection as Session } from "mysql2/promise";
import type { Connection } from "../../server/domain/connection.ts";

/** An account of its own for one test, dropped by `await using`; `@` in a grant stands for it. */
export async function freshAccount(sql: Session, base: Connection, grants: readonly string[] = [], password = "pass") {
  const user = `u${randomBytes(5).toString("hex")}`;
  const account = `'${user}'@'localhost'`;
  await sql.query(`CREATE USER ${account} IDENTIFIED BY ?`, [password]);
  for (const grant of grants) await sql.query(`GRANT ${grant} TO ${account}`);
  return {
    user,
    account,
    connection: { ...base, user, password } satisfies Connection,
    async [Symbol.asyncDispose]() {
      await sql.query(`DROP USER ${account}`);
    },
  };
}
