import { rmdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Db } from "../db/client.ts";
import { type Actor, allow } from "../domain/access.ts";
import { badInput } from "../domain/errors.ts";
import type { Audit } from "./audit.ts";
import { documentFormat, documentVersion, noSecrets, parseConfiguration, parseSecrets } from "./configuration-document.ts";
import { type ConfigurationReads, describeConfiguration, revealSecrets } from "./configuration-export.ts";
import { type ConfigurationWrites, type ImportedParts, importParts } from "./configuration-import.ts";
import { openWith, sealWith } from "./passphrase.ts";

/** What an import did, or would do; nothing at all where there are problems. */
export interface ImportPlan extends ImportedParts {
  readonly applied: boolean;
}

interface Dependencies {
  readonly catalog: Db;
  readonly audit: Audit;
  readonly reads: ConfigurationReads;
  /** The services on one transaction; `publish` tells of what they did, once it is committed. */
  readonly writesOn: (tx: Db) => { readonly writes: ConfigurationWrites; publish(): Promise<void> };
  readonly version: string;
  readonly now: () => Date;
}

export type ConfigurationService = ReturnType<typeof createConfiguration>;

/** The whole configuration as a file, and back. */
export const createConfiguration = ({ catalog, audit, reads, writesOn, version, now }: Dependencies) => ({
  /** Everything but history, as JSON; with a passphrase the secrets too, encrypted. */
  async export(actor: Actor | null, passphrase: string | null): Promise<{ readonly filename: string; readonly content: string }> {
    allow(actor, "configure");
    const parts = await describeConfiguration(reads);
    const secrets = passphrase ? await sealWith(passphrase, JSON.stringify(await revealSecrets(reads), null, 2)) : null;
    const head = { format: documentFormat, version: documentVersion, exportedAt: now().toISOString(), holdfast: version };
    await audit.record(actor, "configuration.export", null, { withSecrets: secrets !== null });
    return {
      filename: `holdfast-configuration-${now().toISOString().slice(0, 10)}.json`,
      content: `${JSON.stringify({ ...head, ...parts, secrets }, null, 2)}\n`,
    };
  },

  /** A plan first: it is tried in a transaction that is taken back, so that it is refused by the checks that would refuse it then. */
  async import(actor: Actor | null, content: string, passphrase: string | null, dryRun: boolean): Promise<ImportPlan> {
    allow(actor, "configure");
    const wanted = parseConfiguration(content);
    if (passphrase && wanted.secrets === null)
      throw badInput("This file holds no secrets, so it has no passphrase.", "Leave the passphrase out.");
    const given = passphrase && wanted.secrets ? parseSecrets(await openWith(passphrase, wanted.secrets)) : noSecrets;
    const missing = await missingFolders(wanted.storages.flatMap(({ directory }) => directory ?? []));
    let parts: ImportedParts | undefined;
    let publish = async () => {};
    const taken = await catalog
      .transaction(async (tx) => {
        const on = writesOn(tx);
        publish = () => on.publish();
        parts = await importParts(actor, on.writes, wanted, given);
        if (dryRun || parts.problems.length > 0) throw new TakenBack();
        await audit.record(actor, "configuration.import", null, { created: parts.created.length, changed: parts.changed.length });
      })
      .then(
        () => false,
        (error: unknown) => {
          if (error instanceof TakenBack) return true;
          throw error;
        },
      );
    if (taken) for (const folder of missing) await rmdir(folder).catch(() => {});
    else await publish();
    return { ...(parts ?? { created: [], changed: [], unchanged: [], problems: [] }), applied: !taken };
  },
});

/** Ends the transaction of a plan. */
class TakenBack extends Error {}

/** The folders that are not there yet and that making a storage there would make, the innermost first. */
async function missingFolders(directories: readonly string[]): Promise<readonly string[]> {
  const missing = new Set<string>();
  for (const directory of directories)
    for (let folder = directory; !missing.has(folder) && !(await isThere(folder)); folder = dirname(folder)) missing.add(folder);
  return [...missing].sort((a, b) => b.length - a.length);
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
