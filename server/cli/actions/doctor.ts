import { answer } from "../output.ts";
import type { Session } from "../session.ts";

/** doctor: exit status 1 when something is wrong. */
export async function inspect(session: Session): Promise<void> {
  const found = await session.services.system.inspect(session.actor);
  const lines = found.checks.map(
    ({ name, ok, message, hint }) => `${ok ? "ok   " : "WRONG"}  ${name}: ${message}${ok || !hint ? "" : `\n       ${hint}`}`,
  );
  answer(session, found, [`Holdfast ${found.version}. Catalog: ${found.catalog}.`, ...lines].join("\n"));
  if (found.checks.some(({ ok }) => !ok)) process.exitCode = 1;
}
