import type { Compression } from "../../shared/enums.ts";
import { compressionLevels } from "../../shared/limits.ts";
import type { Db } from "../db/client.ts";
import { listSettings, type SettingRow, writeSettings } from "../db/settings.ts";
import { type Actor, allow, describeActor } from "../domain/access.ts";
import { badInput } from "../domain/errors.ts";
import { defaultSettings, type SettingValues } from "../domain/settings.ts";
import type { Audit } from "./audit.ts";

/** Refuses a level that the compression's own scale does not have. */
export function checkLevel(compression: Compression, level: number): void {
  const { min, max } = compressionLevels[compression];
  if (!Number.isInteger(level) || level < min || level > max)
    throw badInput(`The compression level for ${compression} is a whole number from ${min} to ${max}.`);
}

export type OwnedSettings = ReturnType<typeof createSettings>;

/** What the settings page owns. */
export const createSettings = ({ db, audit, now }: { readonly db: Db; readonly audit: Audit; readonly now: () => Date }) => {
  const current = async (): Promise<SettingValues> => valuesOf(await listSettings(db));
  return {
    /** The settings as they are now, for the services. */
    current,

    async read(actor: Actor | null): Promise<SettingValues> {
      allow(actor, "read");
      return current();
    },

    async update(
      actor: Actor | null,
      changes: { readonly compression?: Compression | null; readonly compressionLevel?: number | null },
    ): Promise<SettingValues> {
      allow(actor, "configure");
      const present = await current();
      const compression = changes.compression ?? present.compression;
      const preset = compression === present.compression ? present.compressionLevel : compressionLevels[compression].preset;
      const next = { compression, compressionLevel: changes.compressionLevel ?? preset };
      checkLevel(next.compression, next.compressionLevel);
      await writeSettings(db, next, { origin: "DASHBOARD", actor: describeActor(actor), updatedAt: now() });
      await audit.record(actor, "settings.update", null, next);
      return current();
    },

    /** Takes the environment's first settings over where nobody has set any: after that the dashboard owns them. */
    async adopt(given: Partial<SettingValues>): Promise<void> {
      if ((await listSettings(db)).length > 0) return;
      await writeSettings(db, given, { origin: "ENVIRONMENT", actor: "environment", updatedAt: now() });
    },
  };
};

const valuesOf = (rows: readonly SettingRow[]): SettingValues => ({
  ...defaultSettings,
  ...Object.fromEntries(rows.filter(({ name }) => name in defaultSettings).map(({ name, value }) => [name, value])),
});
