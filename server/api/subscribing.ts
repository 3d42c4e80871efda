import type { Context } from "./context.ts";

/** What a subscription's `subscribe` is given. */
export interface Subscribing<Args> {
  readonly args: Args;
  readonly context: Context;
}
