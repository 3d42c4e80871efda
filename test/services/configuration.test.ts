import { execFile } from "node:child_process";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { administrator, type Wired, wired } from "../support/wired.ts";

const start = new Date("2026-11-22T12:00:00.000Z");
const passphrase = "plum lantern orbit";
let here: Wired;
let there: Wired;

beforeAll(async () => {
  [here, there] = [await wired(start), await wired(start)];
  await configure(here);
});
afterAll(async () => {
  for (const each of [here, there]) await each[Symbol.asyncDispose]();
});

/** Something of everything, with secrets wherever one can be. */
async function configure({ app, home }: Wired): Promise<void> {
  const { settings, storages, sources, schedules, channels } = app.services;
  const vault = await storages.create(administrator, {
    ...{ name: "Vault", kind: "LOCAL", isDefault: true, sizeCapBytes: 5_000_000_000 },
    local: { directory: join(home, "vault") },
  });
  const database = { user: "shop", database: "shop", password: "canary-password", host: "db.internal" };
  const shop = await sources.create(administrator, { name: "Shop", database, mediaPaths: [join(home, "media")], targetProofAgeHours: 48 });
  const staging = await sources.create(administrator, { name: "Staging", database: { ...database, database: "staging" } });
  const often = { sourceId: shop.id, timeZone: "Europe/Berlin", backupType: "DATABASE" } as const;
  await schedules.create(administrator, {
    ...{
      ...often,
      name: "Nightly",
      frequency: "DAILY",
      timeOfDay: "03:00",
      storageId: vault.id,
      quietHours: { from: "06:00", to: "07:00" },
    },
    retention: { keepDaily: 7, keepMonthly: 12 },
  });
  await schedules.create(administrator, {
    ...{ ...often, name: "To staging", kind: "RESTORE", frequency: "CRON", cron: "0 5 * * 1-5", targetSourceId: staging.id, active: false },
  });
  await channels.create(administrator, { name: "Ops", kind: "EMAIL", addresses: ["ops@example.com"], sourceIds: [shop.id] });
  await channels.create(administrator, { name: "Hook", kind: "WEBHOOK", url: "https://example.com/hook" });
  await settings.update(administrator, {
    ...{
      retentionDays: 90,
      retention: { keepLast: 3 },
      timeZone: "Europe/Berlin",
      targetBackupAgeHours: 0,
      allowedEndpoints: ["10.0.0.0/8"],
    },
    smtpUrl: "smtps://mailer:canary-mail@mail.example.com",
  });
}

const parse = (content: string) => {
  const { exportedAt: _, secrets, ...rest } = JSON.parse(content);
  return { rest, secrets };
};

describe("the configuration as a file", () => {
  it("holds no secret without a passphrase, and refuses a short one", async () => {
    const { configuration } = here.app.services;
    const { content, filename } = await configuration.export(administrator, null);
    expect(filename).toBe("holdfast-configuration-2026-11-22.json");
    expect(content).not.toMatch(/canary|whsec_/);
    expect(parse(content).secrets).toBeNull();
    await expect(configuration.export(administrator, "short words")).rejects.toThrow("at least 12 characters");
  });

  it("becomes the same configuration elsewhere, after a plan that touches nothing", async () => {
    const exported = await here.app.services.configuration.export(administrator, passphrase);
    expect(exported.content).not.toMatch(/canary|whsec_/);
    const other = there.app.services;
    const before = (await other.configuration.export(administrator, null)).content;
    const plan = await other.configuration.import(administrator, exported.content, passphrase, true);
    expect(plan).toMatchObject({ problems: [], applied: false });
    expect(plan.created).toContain("The schedule Nightly is made.");
    expect((await other.configuration.export(administrator, null)).content).toBe(before);

    const done = await other.configuration.import(administrator, exported.content, passphrase, false);
    expect(done).toEqual({ ...plan, applied: true });
    expect(there.alarms.size).toBe(1);
    const again = await other.configuration.export(administrator, passphrase);
    expect(parse(again.content).rest).toEqual(parse(exported.content).rest);
    const repeated = await other.configuration.import(administrator, exported.content, passphrase, false);
    expect([repeated.created, repeated.changed, repeated.problems]).toEqual([[], [], []]);
    // Secrets came along: the same file, opened with the same words, changes nothing.
    expect((await other.settings.mail())?.url).toBe("smtps://mailer:canary-mail@mail.example.com");
    const [shop] = await other.sources.list(administrator);
    expect(shop && other.sources.connectionOf(shop)?.password).toBe("canary-password");
  });

  it("changes nothing at all where one part is refused, and makes no folder", async () => {
    const { configuration, settings } = there.app.services;
    const document = JSON.parse((await configuration.export(administrator, null)).content);
    const folder = join(there.home, "not-yet/deep");
    document.settings.retentionDays = 7;
    document.storages.push({ name: "Far", kind: "LOCAL", directory: folder, isDefault: false, sizeCapBytes: null });
    document.schedules.push({ ...document.schedules[0], name: "Broken", timeZone: "Mars/Olympus" });
    document.schedules.push({ ...document.schedules[0], name: "Lost", source: "Nobody" });
    const plan = await configuration.import(administrator, JSON.stringify(document), null, false);
    expect(plan.applied).toBe(false);
    expect(plan.problems).toHaveLength(2);
    expect(plan.problems.join(" ")).toMatch(/Broken: There is no time zone "Mars\/Olympus".*Lost: There is no source named Nobody/);
    expect((await settings.current()).retentionDays).toBe(90);
    await expect(stat(join(there.home, "not-yet"))).rejects.toThrow("ENOENT");
  });

  it("refuses a wrong passphrase, another version and what is no configuration, each with a sentence", async () => {
    const { configuration } = there.app.services;
    const { content } = await here.app.services.configuration.export(administrator, passphrase);
    const refused = (text: string, words: string | null) => expect(configuration.import(administrator, text, words, true)).rejects;
    await refused(content, "other words than these").toThrow("do not open with this passphrase");
    await refused(content.replace('"version": 1', '"version": 2'), null).toThrow("has the format version 2; this Holdfast reads version 1");
    await refused("{}", null).toThrow("not a configuration that Holdfast exported");
    await refused("[", null).toThrow("not JSON");
    await refused(content.replace('"retentionDays": 90', '"retentionDays": "canary"'), null).toThrow(
      /^(?!.*canary).*settings\.retentionDays/,
    );
    const viewer = { ...administrator, role: "VIEWER" } as never;
    await expect(configuration.export(viewer, null)).rejects.toThrow("This needs the role admin");
  });

  it("leaves out a channel whose address is secret where no secrets are opened", async () => {
    const { content } = await here.app.services.configuration.export(administrator, passphrase);
    const document = JSON.parse(content);
    document.channels[0].name = "Hook of old";
    const plan = await there.app.services.configuration.import(administrator, JSON.stringify(document), null, true);
    expect(plan.unchanged.join(" ")).toContain("The channel Hook of old is left out");
  });

  it("gives its secrets to the stock age tool", async () => {
    const { content } = await here.app.services.configuration.export(administrator, passphrase);
    const file = join(here.home, "secrets.age");
    await writeFile(file, parse(content).secrets);
    // age asks for the passphrase on a terminal only.
    const command = `echo '${passphrase}' | script -qec "age -d -o ${file}.json ${file}" /dev/null`;
    await promisify(execFile)("sh", ["-c", command]);
    expect(JSON.parse(await readFile(`${file}.json`, "utf8"))).toMatchObject({
      smtpUrl: "smtps://mailer:canary-mail@mail.example.com",
      sources: { Shop: "canary-password" },
    });
  });
});
