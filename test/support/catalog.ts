import { resolve } from "node:path";
import { type Catalog, type CatalogAddress, openCatalog } from "../../server/db/client.ts";
import { migrate } from "../../server/db/migrate.ts";
import { freshDatabase } from "./shared-server.ts";

/** A catalog of the test's own on the shared server, migrated like a user's; closed and dropped by `await using`. */
export async function freshCatalog(): Promise<AsyncDisposable & { readonly catalog: Catalog; readonly address: CatalogAddress }> {
  const database = await freshDatabase("catalog");
  const { socketPath, user, password } = database.connection;
  const address = { socketPath: socketPath ?? "", user, password, database: database.name };
  const catalog = openCatalog(address);
  await migrate(catalog.pool, resolve(import.meta.dirname, "../../drizzle"));
  return {
    catalog,
    address,
    async [Symbol.asyncDispose]() {
      await catalog.close();
      await database[Symbol.asyncDispose]();
    },
  };
}
