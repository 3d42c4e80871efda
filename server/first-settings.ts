import { resolve } from "node:path";
import type { Services } from "./services/services.ts";
import type { Settings } from "./settings.ts";

/** Where links in messages point; null when the port is only known once the server listens. */
export const publicUrlOf = ({ publicUrl, host, port }: Settings): string | null =>
  publicUrl ?? (port === 0 ? null : `http://${host.includes(":") ? `[${host}]` : host}:${port}`);

/** What the environment says of the first storage, settings and source is taken over once; after that the dashboard owns them. */
export async function adoptFirstSettings(settings: Settings, services: Services, say: (line: string) => void): Promise<void> {
  const { storages, settings: owned, sources } = services;
  const { firstDirectory, firstSettings, firstSource } = settings;
  const environment = { kind: "cli", name: "environment", role: "ADMIN" } as const;
  const isThere = await storages.adopt(firstDirectory ?? resolve(settings.home, "backups"));
  const ignored = [...(await owned.adopt(firstSettings))];
  if (firstSource && (await sources.list(environment)).length === 0) await sources.create(environment, firstSource);
  if (firstDirectory && !isThere) ignored.push("BACKUP_DIRECTORY");
  if (ignored.length > 0)
    say(
      `The dashboard owns the settings since the first start; these names now say something else and change nothing: ${ignored.join(", ")}.`,
    );
}
