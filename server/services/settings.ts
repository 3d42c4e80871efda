import type { Compression } from "../../shared/enums.ts";
import { compressionLevels } from "../../shared/limits.ts";
import type { Db } from "../db/client.ts";
import { readSettings, type SettingsRow, writeSettings } from "../db/settings.ts";
import { type Actor, allow } from "../domain/access.ts";
import { badInput } from "../domain/errors.ts";

const first: SettingsRow = { compression: "ZSTD", compressionLevel: compressionLevels.ZSTD.preset };

/** Refuses a level that the compression's own scale does not have. */
export function checkLevel(compression: Compression, level: number): void {
  const { min, max } = compressionLevels[compression];
  if (!Number.isInteger(level) || level < min || level > max)
    throw badInput(`The compression level for ${compression} is a whole number from ${min} to ${max}.`);
}

/** What the settings page owns. */
export const createSettings = ({ db }: { readonly db: Db }) => ({
  async read(actor: Actor | null): Promise<SettingsRow> {
    allow(actor, "read");
    return (await readSettings(db)) ?? first;
  },

  async update(
    actor: Actor | null,
    changes: { readonly compression?: Compression | null; readonly compressionLevel?: number | null },
  ): Promise<SettingsRow> {
    allow(actor, "configure");
    const present = (await readSettings(db)) ?? first;
    const compression = changes.compression ?? present.compression;
    const preset = compression === present.compression ? present.compressionLevel : compressionLevels[compression].preset;
    const next = { compression, compressionLevel: changes.compressionLevel ?? preset };
    checkLevel(next.compression, next.compressionLevel);
    await writeSettings(db, next);
    return next;
  },

  /** Takes the environment's first settings over, once: after that the dashboard owns them. */
  async adopt(given: Partial<SettingsRow>): Promise<void> {
    if (!(await readSettings(db))) await writeSettings(db, { ...first, ...given });
  },
});
