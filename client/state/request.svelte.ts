import type { OperationResult } from "@urql/core";
import type { FailureView } from "../lib/failures.ts";
import { failureView } from "../lib/failures.ts";
import { Refused } from "../lib/http.ts";

/** One thing being asked of the server by a form or a button: whether it is under way, and why it failed. */
export class Request {
  busy = $state(false);
  failure = $state.raw<FailureView | null>(null);

  /** The data, or undefined when it failed; then `failure` says why. */
  async send<Data>(work: PromiseLike<OperationResult<Data>>): Promise<Data | undefined> {
    const result = await this.#during(work);
    if (result?.error) this.failure = failureView(result.error);
    return result?.error ? undefined : result?.data;
  }

  /** The same for one of the plain HTTP addresses; true when it went through. */
  async try(work: PromiseLike<unknown>): Promise<boolean> {
    await this.#during(work);
    return this.failure === null;
  }

  async #during<T>(work: PromiseLike<T>): Promise<T | undefined> {
    this.busy = true;
    this.failure = null;
    try {
      return await work;
    } catch (error) {
      this.failure = error instanceof Refused ? error.view : { code: "INTERNAL", message: String(error), hint: null };
      return undefined;
    } finally {
      this.busy = false;
    }
  }
}
