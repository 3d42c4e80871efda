import { type System, systemDocument } from "../documents/definitions.ts";
import { answer } from "../output.ts";
import type { Session } from "../session.ts";

/** doctor: exit status 1 when something is wrong. */
export async function inspect(session: Session): Promise<void> {
  const { system } = await session.holdfast.ask<{ system: System }>(systemDocument);
  const lines = system.checks.map(
    ({ name, ok, message, hint }) => `${ok ? "ok   " : "WRONG"}  ${name}: ${message}${ok || !hint ? "" : `\n       ${hint}`}`,
  );
  answer(session, system, [`Holdfast ${system.version}. Catalog: ${system.catalog}.`, ...lines].join("\n"));
  if (system.checks.some(({ ok }) => !ok)) process.exitCode = 1;
}
