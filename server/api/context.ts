import type { Actor } from "../domain/access.ts";
import type { Services } from "../services/services.ts";
import type { Loaders } from "./loaders.ts";

/** What every resolver is given. */
export interface Context {
  /** Null: nobody; every service then refuses. */
  readonly actor: Actor | null;
  readonly services: Services;
  readonly loaders: Loaders;
  /** Where links point, without a trailing slash. */
  readonly publicUrl: string;
}
