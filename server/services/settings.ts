import { isDeepStrictEqual } from "node:util";
import type { Compression, SettingOrigin } from "../../shared/enums.ts";
import { compressionLevels } from "../../shared/limits.ts";
import type { Db } from "../db/client.ts";
import { readMark, writeMark } from "../db/marks.ts";
import { clearSettings, findSetting, listSettings, writeSettings } from "../db/settings.ts";
import { findStorage, listStorages, setDefaultStorage } from "../db/storages.ts";
import { type Actor, allow, describeActor } from "../domain/access.ts";
import { badInput, Failure, notFound } from "../domain/errors.ts";
import type { StorageId } from "../domain/ids.ts";
import { mailServerExample, mailServerName, parseMailServer, senderFor } from "../domain/mail-server.ts";
import type { Retention } from "../domain/retention.ts";
import type { SettingValues } from "../domain/settings.ts";
import type { ClientTools } from "../engine/part.ts";
import type { Audit } from "./audit.ts";
import type { Secrets } from "./secrets.ts";
import { checkSettings } from "./settings-checks.ts";
import { mailField, mailSecret, namesThatDiffer, originsOf, type SettingSource, settingNames, valuesOf } from "./settings-origins.ts";

export { checkLevel } from "./settings-checks.ts";

/** What a client changes; what is left out or null stays. Empty text takes a setting away, and so does 0 for a target. */
export type SettingsRequest = {
  readonly [Name in Exclude<keyof SettingValues, "retention">]?: Exclude<SettingValues[Name], null> | null;
} & {
  readonly retention?: Partial<Retention> | null;
  readonly smtpUrl?: string | null;
  readonly defaultStorageId?: StorageId | null;
};

/** All settings with where each comes from; of the mail server only what anybody may know. */
export interface SettingsState extends SettingValues {
  readonly mailServer: string | null;
  readonly mailServerOrigin: SettingOrigin;
  readonly defaultStorageId: StorageId | null;
  readonly origins: readonly SettingSource[];
}

export interface SettingsDependencies {
  readonly db: Db;
  readonly audit: Audit;
  readonly secrets: Secrets;
  /** Keeps a secret out of the log from now on. */
  readonly conceal: (secret: string) => void;
  readonly findTools: (path: string | null) => Promise<ClientTools>;
  /** The environment's mail server, which is used as long as the dashboard has none of its own. */
  readonly environmentSmtpUrl: string | null;
  readonly now: () => Date;
}

export type OwnedSettings = ReturnType<typeof createSettings>;

/** What the settings page owns. */
export function createSettings({ db, audit, secrets, conceal, findTools, environmentSmtpUrl, now }: SettingsDependencies) {
  const current = async (): Promise<SettingValues> => valuesOf(await listSettings(db));

  async function smtpUrl(): Promise<string | null> {
    const stored = await findSetting(db, mailSecret);
    const url = stored ? secrets.open(String(stored.value), mailSecret) : environmentSmtpUrl;
    concealPassword(url);
    return url;
  }

  function concealPassword(url: string | null): void {
    const password = url === null ? null : parseMailServer(url)?.password;
    if (password) conceal(password);
    if (url !== null && password) conceal(new URL(url).password);
  }

  async function state(): Promise<SettingsState> {
    const [rows, storages] = await Promise.all([listSettings(db), listStorages(db)]);
    const origins = originsOf(rows, environmentSmtpUrl !== null);
    const server = parseMailServer((await smtpUrl().catch(unreadable)) ?? "");
    return {
      ...valuesOf(rows),
      mailServer: server && mailServerName(server),
      mailServerOrigin: origins.find(({ name }) => name === mailField)?.origin ?? "DEFAULT",
      defaultStorageId: storages.find(({ isDefault }) => isDefault)?.id ?? null,
      origins,
    };
  }

  /** The request as settings, checked; only what differs from `present`, so that what was not touched keeps its origin. */
  async function changesOf(request: SettingsRequest, present: SettingValues): Promise<Partial<SettingValues>> {
    const checked = checkSettings(asked(request, present), present);
    if (checked.toolsPath) await usable(checked.toolsPath);
    return Object.fromEntries(
      Object.entries(checked).filter(([name, value]) => !isDeepStrictEqual(value, present[name as keyof SettingValues])),
    );
  }

  const usable = (path: string) =>
    findTools(path).catch((error) => {
      if (error instanceof Failure) throw new Failure("BAD_USER_INPUT", error.message, error.hint, { cause: error });
      throw error;
    });

  return {
    /** The settings as they are now, for the services. */
    current,

    /** The mail server with its password, and who sends; null when there is none. For what sends mails only. */
    async mail(): Promise<{ readonly url: string; readonly from: string } | null> {
      const url = await smtpUrl();
      const server = url === null ? null : parseMailServer(url);
      return url === null || server === null ? null : { url, from: (await current()).mailFrom ?? senderFor(server) };
    },

    /** The mail server's address that the dashboard holds, with its password: to export it encrypted. */
    async storedSmtpUrl(): Promise<string | null> {
      const stored = await findSetting(db, mailSecret);
      return stored && secrets.open(String(stored.value), mailSecret);
    },

    /** The client programs that the settings name, or those that are found. */
    tools: async (): Promise<ClientTools> => findTools((await current()).toolsPath),

    async read(actor: Actor | null): Promise<SettingsState> {
      allow(actor, "read");
      return state();
    },

    /** All or nothing: one wrong value changes none. */
    async update(actor: Actor | null, request: SettingsRequest): Promise<SettingsState> {
      allow(actor, "configure");
      const present = await current();
      const changes = await changesOf(request, present);
      const smtp = checkedSmtpUrl(request.smtpUrl);
      const { defaultStorageId } = request;
      if (defaultStorageId && !(await findStorage(db, defaultStorageId))) throw notFound("storage", defaultStorageId);
      const stamp = { origin: "DASHBOARD", actor: describeActor(actor), updatedAt: now() } as const;
      await db.transaction(async (tx) => {
        await writeSettings(tx, { ...changes, ...(smtp ? { [mailSecret]: secrets.seal(smtp, mailSecret) } : {}) }, stamp);
        if (smtp === "") await clearSettings(tx, [mailSecret]);
        if (defaultStorageId) await setDefaultStorage(tx, defaultStorageId);
      });
      const server = smtp ? parseMailServer(smtp) : null;
      const told = { ...changes, ...(smtp === null ? {} : { mailServer: server && mailServerName(server) }) };
      if (Object.keys(told).length > 0 || defaultStorageId)
        await audit.record(actor, "settings.update", null, { ...told, ...(defaultStorageId ? { defaultStorageId } : {}) });
      return state();
    },

    /** Gives these settings their defaults back; compression and its level only together. */
    async reset(actor: Actor | null, names: readonly string[]): Promise<SettingsState> {
      allow(actor, "configure");
      const unknown = names.find((name) => name !== mailField && !(settingNames as readonly string[]).includes(name));
      if (unknown !== undefined)
        throw badInput(`There is no setting ${JSON.stringify(unknown)}.`, `There are ${[...settingNames, mailField].join(", ")}.`);
      const pair = ["compression", "compressionLevel"];
      const all = new Set([...names, ...(names.some((name) => pair.includes(name)) ? pair : [])]);
      await clearSettings(
        db,
        [...all].map((name) => (name === mailField ? mailSecret : name)),
      );
      await audit.record(actor, "settings.reset", null, { names: [...all] });
      return state();
    },

    /**
     * Takes over what the environment gives, on the first start and never again: after that the dashboard owns it. Tells the
     * names in the environment that say something else than what is in force.
     */
    async adopt(given: Partial<SettingValues>): Promise<readonly string[]> {
      if (!(await readMark(db, adoptedMark))) {
        const set = new Set((await listSettings(db)).map(({ name }) => name));
        const fresh = Object.fromEntries(Object.entries(given).filter(([name]) => !set.has(name)));
        await writeSettings(db, fresh, { origin: "ENVIRONMENT", actor: "environment", updatedAt: now() });
        await writeMark(db, adoptedMark, { at: now().toISOString(), names: Object.keys(fresh) });
      }
      return namesThatDiffer(given, await current());
    },
  };
}

const adoptedMark = "settings.adopted";

/** A lost key hides the mail server; it must not hide the page on which it is entered again. */
function unreadable(error: unknown): null {
  if (error instanceof Failure && error.code === "KEY_MISSING") return null;
  throw error;
}

/** The request's values as they are to become; nothing for those that it leaves out. */
function asked(request: SettingsRequest, present: SettingValues): Partial<SettingValues> {
  const { retention, smtpUrl: _url, defaultStorageId: _storage, ...rest } = request;
  const given = Object.entries(rest).filter(([name, value]) => value !== null && value !== undefined && name in present);
  const compression: Compression = rest.compression ?? present.compression;
  // Another compression has a scale of its own.
  const level = rest.compressionLevel ?? (compression === present.compression ? undefined : compressionLevels[compression].preset);
  return {
    ...Object.fromEntries(given),
    ...(level === undefined ? {} : { compressionLevel: level }),
    ...(retention ? { retention: limitsOf(retention) } : {}),
  };
}

function limitsOf({ days, keepLast, keepDaily, keepWeekly, keepMonthly, keepYearly }: Partial<Retention>): SettingValues["retention"] {
  if (days !== null && days !== undefined)
    throw badInput("The global default's days are the setting `retentionDays`.", "Give `retentionDays`, and leave `retention.days` out.");
  return {
    keepLast: keepLast ?? null,
    keepDaily: keepDaily ?? null,
    keepWeekly: keepWeekly ?? null,
    keepMonthly: keepMonthly ?? null,
    keepYearly: keepYearly ?? null,
  };
}

/** Null: not mentioned; empty: to be taken away. The address is not repeated: it holds a password. */
function checkedSmtpUrl(value: string | null | undefined): string | null {
  const url = value?.trim();
  if (url === undefined) return null;
  if (url && !parseMailServer(url))
    throw badInput(
      `This is not the address of a mail server.`,
      `It looks like ${mailServerExample}; signs in the password are written in percent form.`,
    );
  return url;
}
