import { type Actor, allow } from "../domain/access.ts";
import type { HealthService } from "./health.ts";

/** One thing that was looked at, in the words of the first releases; health tells more. */
export interface SystemCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
  readonly hint: string | null;
}

interface Dependencies {
  readonly version: string;
  /** The catalog in words: "embedded MariaDB 10.11.18 in /data". */
  readonly catalog: string;
  readonly home: string;
  readonly health: Pick<HealthService, "read">;
}

/** Which Holdfast this is, and where it keeps its own. */
export const createSystem = ({ version, catalog, home, health }: Dependencies) => ({
  about(actor: Actor | null): { readonly version: string; readonly catalog: string; readonly home: string } {
    allow(actor, "read");
    return { version, catalog, home };
  },

  /** What was looked at, where an error or a warning is what is not all right. */
  async checks(actor: Actor | null): Promise<SystemCheck[]> {
    const { checks } = await health.read(actor);
    return checks.map(({ subject, severity, message, hint, command }) => ({
      name: subject,
      ok: severity === "GOOD" || severity === "NOTE",
      message,
      hint: hint ?? command,
    }));
  },
});
