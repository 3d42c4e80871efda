import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type S3Server, s3Keys, s3Server } from "../support/s3-server.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

const start = new Date("2026-11-22T12:00:00.000Z");
const passphrase = "plum lantern orbit";
let here: Wired;
let there: Wired;
let s3: S3Server;
let sshd: Sshd;

beforeAll(async () => {
  [here, there, s3, sshd] = [await wired(start), await wired(start), await s3Server(), await startSshd()];
  const { settings, storages, schedules } = here.app.services;
  await settings.update(administrator, { allowedEndpoints: ["127.0.0.1"] });
  const { secretAccessKey } = s3Keys;
  const bucket = await storages.create(administrator, {
    ...{ name: "Bucket", kind: "S3", isDefault: true, bytesPerSecond: 50_000_000 },
    s3: { ...(await s3.bucket()), prefix: "shop/backups", secretAccessKey },
  });
  const [type, key] = sshd.hostKeys.ed25519.split(" ");
  const account = { host: "127.0.0.1", port: sshd.port, user: sshd.user, privateKey: sshd.privateKey, hostKey: `${type} ${key}` };
  const nas = await storages.create(administrator, {
    ...{ name: "Nas", kind: "SFTP", sizeCapBytes: 5_000_000_000 },
    sftp: { ...account, directory: await sshd.newFolder() },
  });
  await schedules.create(administrator, {
    ...{ name: "Nightly", frequency: "DAILY", timeOfDay: "03:00", timeZone: "UTC", backupType: "MEDIA" },
    ...{ sourceId: await here.addMedia("Shop"), storageIds: [bucket.id, nas.id] },
  });
});
afterAll(async () => {
  for (const each of [here, there]) await each?.[Symbol.asyncDispose]();
  await Promise.all([s3?.stop(), sshd?.[Symbol.asyncDispose]()]);
});

const exported = async (from: Wired, words: string | null) => (await from.app.services.configuration.export(administrator, words)).content;
const imported = (content: string, words: string | null, dryRun = false) =>
  there.app.services.configuration.import(administrator, content, words, dryRun);
const partsOf = (content: string) => {
  const { storages, schedules } = JSON.parse(content);
  // The folder of this machine is each one's own.
  return { storages: storages.filter(({ kind }: { kind: string }) => kind !== "LOCAL"), schedules };
};
/** What of a file is to be tried: the machine's own folder is not the other's. */
const remoteOf = (content: string) => {
  const document = JSON.parse(content);
  document.storages = document.storages.filter(({ kind }: { kind: string }) => kind !== "LOCAL");
  return JSON.stringify(document);
};

describe("a bucket and an SFTP server in a configuration file", () => {
  it("are described without what is secret, and left out where that is not opened, each with what goes to them", async () => {
    const content = await exported(here, null);
    expect(content).not.toMatch(/PRIVATE KEY/);
    expect(content).not.toContain(`"${s3Keys.secretAccessKey}"`);
    const plan = await imported(remoteOf(content), null, true);
    expect(plan.unchanged.join(" ")).toMatch(/The storage Bucket is left out: .*The storage Nas is left out: .*no secrets were opened/);
    expect(plan.problems).toEqual([expect.stringMatching(/^The schedule Nightly: There is no storage named Bucket/)]);
  });

  it("are tried before anything is changed: where one of them is not there, nothing is", async () => {
    const document = JSON.parse(remoteOf(await exported(here, passphrase)));
    document.storages.find(({ name }: { name: string }) => name === "Bucket").s3.bucket = "not-there";
    const before = await exported(there, null);
    const { applied, problems } = await imported(JSON.stringify(document), passphrase);
    expect([applied, await exported(there, null)]).toEqual([false, before]);
    expect(problems[0]).toMatch(/^The storage Bucket: .*not-there/);
  });

  it("are storages elsewhere after the import, and take backups", async () => {
    const content = remoteOf(await exported(here, passphrase));
    const { services } = there.app;
    const plan = await imported(content, passphrase, true);
    expect(plan).toMatchObject({ applied: false, problems: [] });
    expect(await imported(content, passphrase)).toEqual({ ...plan, applied: true });
    expect(partsOf(await exported(there, null))).toEqual(partsOf(await exported(here, null)));
    expect(await imported(content, passphrase)).toMatchObject({ created: [], changed: [], problems: [] });

    const named = new Map((await services.storages.list(administrator)).map(({ name, id }) => [name, id]));
    const storageIds = ["Bucket", "Nas"].flatMap((name) => named.get(name) ?? []);
    const sourceId = await there.addMedia("Elsewhere");
    const { id } = await services.backups.create(administrator, { type: "MEDIA", sourceId, storageIds }, "MANUAL");
    await there.performAll();
    const told = await services.backups.find(administrator, id);
    expect(told).toMatchObject({ status: "COMPLETED", warnings: [] });
  });
});
