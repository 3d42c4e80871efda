import { generateMySQLDrizzleJson, generateMySQLMigration } from "drizzle-kit/api";
import { type Catalog, type CatalogAddress, openCatalog } from "../../server/db/client.ts";
import * as schema from "../../server/db/schema/index.ts";
import { freshDatabase } from "./shared-server.ts";

/** A catalog of the test's own on the shared server, migrated like a user's; closed and dropped by `await using`. */
export async function freshCatalog(): Promise<AsyncDisposable & { readonly catalog: Catalog; readonly address: CatalogAddress }> {
  const database = await freshDatabase("catalog");
  const { socketPath, user, password } = database.connection;
  const address = { socketPath: socketPath ?? "", user, password, database: database.name };
  const catalog = openCatalog(address);
  const empty = await generateMySQLDrizzleJson({}, undefined, "snake_case");
  const wanted = await generateMySQLDrizzleJson(schema, empty.id, "snake_case");
  for (const statement of await generateMySQLMigration(empty, wanted)) await catalog.pool.query(statement);
  return {
    catalog,
    address,
    async [Symbol.asyncDispose]() {
      await catalog.close();
      await database[Symbol.asyncDispose]();
    },
  };
}
