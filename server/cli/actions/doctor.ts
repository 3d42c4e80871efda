import type { Health } from "../../domain/health.ts";
import { type Examined, healthDocument } from "../documents/health.ts";
import { answer } from "../output.ts";
import type { Output, Session } from "../session.ts";
import { healthText } from "./doctor-text.ts";

/** doctor: exit status 1 when there is an error. */
export async function inspect(session: Session): Promise<void> {
  const { system, health } = await session.holdfast.ask<Examined>(healthDocument);
  const head = `Holdfast ${system.version}. Catalog: ${system.catalog}. Home: ${system.home}.`;
  answer(session, { ...system, ...health }, `${head}\n\n${healthText(health, session.output.color)}`);
  if (health.severity === "ERROR") process.exitCode = 1;
}

/** The same where the catalog cannot be opened, which is an error in itself. */
export async function inspectWithoutCatalog(output: Output, health: Health): Promise<void> {
  answer({ output }, health, healthText(health, output.color));
  process.exitCode = 1;
}
