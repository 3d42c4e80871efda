import { openLine } from "../graphql/client.ts";
import type { MeQuery } from "../graphql/generated.ts";
import { MeDocument } from "../graphql/generated.ts";
import type { FailureView } from "../lib/failures.ts";
import { failureView, isSignedOut } from "../lib/failures.ts";
import { ask, Refused } from "../lib/http.ts";

type User = NonNullable<MeQuery["me"]>;
type Stage = "starting" | "set-up" | "signed-out" | "signed-in" | "unreachable";

/** Who is at the screen. The page beneath stays where it is while somebody signs in. */
class Session {
  stage = $state<Stage>("starting");
  user = $state.raw<User | null>(null);
  failure = $state.raw<FailureView | null>(null);

  async start() {
    this.stage = "starting";
    try {
      const { needed } = await ask("/api/setup");
      if (needed === true) this.stage = "set-up";
      else await this.#meet();
    } catch (error) {
      this.#unreachable(error);
    }
  }

  /** Rejects with `Refused`, whose view says why. */
  async signIn(email: string, password: string) {
    await ask("/api/auth/sign-in/email", { email, password });
    await this.#meet();
  }

  /** Rejects with `Refused`, whose view says why. */
  async setUp(input: { code: string; name: string; email: string; password: string }) {
    await ask("/api/setup", input);
    await this.#meet();
  }

  async signOut() {
    await ask("/api/auth/sign-out", {}).catch(() => null);
    this.ended();
  }

  /** The server no longer knows us. */
  ended() {
    if (this.stage !== "signed-in") return;
    this.user = null;
    this.stage = "signed-out";
  }

  async #meet() {
    const nothing = () => {};
    const { client, close } = openLine({ onOpen: nothing, onLost: nothing, onSignedOut: nothing });
    const { data, error } = await client.query(MeDocument, {}, { requestPolicy: "network-only" });
    close();
    if (error && !isSignedOut(error)) throw new Refused(failureView(error), 0);
    this.user = data?.me ?? null;
    this.stage = this.user ? "signed-in" : "signed-out";
  }

  #unreachable(error: unknown) {
    this.failure = error instanceof Refused ? error.view : { code: "INTERNAL", message: String(error), hint: null };
    this.stage = "unreachable";
  }
}

export const session = new Session();
