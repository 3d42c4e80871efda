import { type Catalog, type CatalogAddress, openCatalog } from "../../server/db/client.ts";
import { migratedDatabase } from "./shared-server.ts";

/** A catalog of the test's own on the shared server, up to date; closed and dropped by `await using`. */
export async function freshCatalog(): Promise<AsyncDisposable & { readonly catalog: Catalog; readonly address: CatalogAddress }> {
  const database = await migratedDatabase();
  const { socketPath, user, password } = database.connection;
  const address = { socketPath: socketPath ?? "", user, password, database: database.name };
  const catalog = openCatalog(address);
  return {
    catalog,
    address,
    async [Symbol.asyncDispose]() {
      await catalog.close();
      await database[Symbol.asyncDispose]();
    },
  };
}
