import { execFile } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openApp } from "../../server/app.ts";
import { findBackup } from "../../server/db/backups.ts";
import { backupManifests, sources } from "../../server/db/schema/index.ts";
import type { Actor } from "../../server/domain/access.ts";
import type { Failure } from "../../server/domain/errors.ts";
import type { BackupId, SourceId } from "../../server/domain/ids.ts";
import type { Manifest } from "../../server/domain/manifest.ts";
import { openLog } from "../../server/log.ts";
import { openSecrets } from "../../server/services/secrets.ts";
import { loadSettings } from "../../server/settings.ts";
import { readTree } from "../support/trees.ts";
import { administrator, type Wired, wired } from "../support/wired.ts";

const run = promisify(execFile);
const machine: Actor = { kind: "cli", name: "ada", role: "ADMIN" };
const password = "correct horse battery staple";

let holdfast: Wired;
let sourceId: SourceId;
let recovery: { readonly file: string; readonly recipient: string };
const keyFile = () => join(holdfast.home, "holdfast.key");

beforeAll(async () => {
  holdfast = await wired(new Date("2026-11-23T08:00:00Z"));
  sourceId = await holdfast.addMedia("Shop");
  const file = join(holdfast.home, "recovery.txt");
  await run("age-keygen", ["-o", file]);
  recovery = { file, recipient: (await run("age-keygen", ["-y", file])).stdout.trim() };
  await holdfast.app.services.settings.update(administrator, { encryptBackups: true, recoveryRecipients: [recovery.recipient] });
});
afterAll(() => holdfast[Symbol.asyncDispose]());

async function backUp(request: { readonly encrypt?: boolean } = {}) {
  const { services, catalog } = holdfast.app;
  // Each of a minute of its own: the newest is the last.
  holdfast.setClock(new Date(holdfast.now().getTime() + 60_000));
  const { id } = await services.backups.create(administrator, { type: "MEDIA", sourceId, ...request }, "MANUAL");
  await holdfast.performAll();
  const row = await findBackup(catalog.db, id);
  const manifest = await services.backups.manifestOf(id);
  if (row?.status !== "COMPLETED" || !manifest) throw new Error(`The backup failed: ${row?.errorMessage}`);
  return { row, manifest };
}

async function restoreOf(id: BackupId) {
  const { services } = holdfast.app;
  const begun = await services.restores.create(administrator, { backupId: id, type: "MEDIA", mode: "REPLACE", backupBeforeRestore: false });
  await holdfast.performAll();
  return services.restores.existing(begun.id);
}
const restored = (id: BackupId) => restoreOf(id).catch((error: Failure) => error);
const media = () => join(holdfast.home, "media", "Shop");
const storage = () => join(holdfast.home, "backups");
const unavailable = (keyId: string) => ({ code: "KEY_MISSING", reason: "KEY_UNAVAILABLE", message: expect.stringContaining(keyId) });

describe("backups with encryption switched on", () => {
  it("are encrypted to the server's key and the recovery recipients, and proved; a request may say otherwise", async () => {
    const { services } = holdfast.app;
    const [key] = await services.keys.list(administrator);
    const { row, manifest } = await backUp();
    expect(row).toMatchObject({ encrypted: true, keyId: key?.id });
    expect(manifest.encryption?.recipients).toEqual([key?.recipient, recovery.recipient]);
    const plain = await backUp({ encrypt: false });
    expect(plain.row).toMatchObject({ encrypted: false, keyId: null });
    for (const each of [manifest, plain.manifest]) expect(services.keys.authenticity(each, each.folder ?? "")).toBe("AUTHENTIC");
  });

  it("are restored, verified and looked into like any other; a file comes out in clear, an artifact as it is stored", async () => {
    const { services } = holdfast.app;
    const { row } = await backUp();
    await writeFile(join(media(), "one.txt"), "changed since");
    expect(await restoreOf(row.id)).toMatchObject({ status: "COMPLETED" });
    expect(await readFile(join(media(), "one.txt"), "utf8")).toBe("Shop");
    const verification = await services.verifications.create(administrator, row.id, "CHECKSUM");
    await holdfast.performAll();
    expect(await services.verifications.existing(verification.id)).toMatchObject({ status: "COMPLETED", passed: true });
    const body = async (wanted: { readonly artifact: string | null; readonly path: string | null }) => {
      const { path, filename } = await services.downloads.create(administrator, row.id, { ...wanted, archive: null });
      const opened = await (await services.downloads.open(path.split("/")[2] ?? "", filename))?.body();
      return opened?.size ? buffer(await opened.read(0, opened.size - 1, new AbortController().signal)) : null;
    };
    expect((await body({ artifact: null, path: "Shop/one.txt" }))?.toString()).toBe("Shop");
    expect((await body({ artifact: row.artifacts[0]?.name ?? "", path: null }))?.toString("latin1")).toMatch(/^age-encryption\.org\/v1\n/);
  });

  it("leave the key that proves manifests at the storage's root, for whoever has a recovery identity", async () => {
    const { manifest } = await backUp();
    const names = (await readdir(join(storage(), ".holdfast"))).filter((name) => name.startsWith(manifest.authentication?.keyId ?? "?"));
    expect(names).toEqual([expect.stringMatching(/\.mac\.age$/)]);
    const { stdout } = await run("age", ["-d", "-i", recovery.file, join(storage(), ".holdfast", names[0] ?? "")]);
    const { authentication, ...proved } = manifest;
    const canonical = (value: unknown): string =>
      Array.isArray(value)
        ? `[${value.map(canonical)}]`
        : value && typeof value === "object"
          ? `{${Object.entries(value)
              .filter(([, one]) => one !== null)
              .sort()
              .map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`)}}`
          : JSON.stringify(value);
    const mac = createHmac("sha256", Buffer.from(stdout.trim(), "hex"))
      .update(`holdfast manifest v1\n${canonical(proved)}`)
      .digest("hex");
    expect(mac).toBe(authentication?.mac);
  });

  it("are refused before a target is touched when the catalog's manifest is not what was written", async () => {
    const { catalog, services } = holdfast.app;
    const { row, manifest } = await backUp();
    await writeFile(join(media(), "one.txt"), "as it is now");
    const old = (await backUp({ encrypt: false })).manifest;
    const { authentication: _, ...bare } = manifest;
    const forged: readonly Manifest[] = [
      { ...manifest, name: "another" },
      old,
      { ...bare, authentication: null },
      { ...manifest, encrypted: false, encryption: null, authentication: null },
    ];
    for (const each of forged) {
      await catalog.db.update(backupManifests).set({ manifest: each }).where(eq(backupManifests.backupId, row.id));
      expect(await restored(row.id)).toMatchObject({ code: "ARTIFACT_CORRUPT", reason: "MANIFEST_ALTERED" });
      expect(services.keys.authenticity(each, row.folder)).toBe("ALTERED");
    }
    expect(await readFile(join(media(), "one.txt"), "utf8")).toBe("as it is now");
    await writeFile(join(media(), "one.txt"), "Shop");
  });

  it("refuse what is no recipient, and never repeat an identity that was entered by mistake", async () => {
    const identity = /AGE-SECRET-KEY-\S+/.exec(await readFile(recovery.file, "utf8"))?.[0] ?? "";
    // Another last character: a recipient that ends with the one put there would still be valid, one time in 32.
    const mistyped = `${recovery.recipient.slice(0, -1)}${recovery.recipient.endsWith("x") ? "y" : "x"}`;
    const attempts = [identity, mistyped, "age1", "ssh-ed25519 AAAA", `age1${"q".repeat(58)}`];
    for (const each of attempts) {
      const refusal = await holdfast.app.services.settings
        .update(administrator, { recoveryRecipients: [each] })
        .catch((error: Failure) => error);
      expect(refusal).toMatchObject({ code: "BAD_USER_INPUT" });
      expect(JSON.stringify([refusal, (refusal as Failure).message, (refusal as Failure).hint])).not.toContain(identity);
    }
  });
});

describe("a key that is not there", () => {
  it("after a rotation: new backups have the new key, old ones open as long as the old line stays, and name it when it goes", async () => {
    const { services, catalog, secrets } = holdfast.app;
    await services.settings.update(administrator, { smtpUrl: "smtp://ada:s3cret@mail.example.org" });
    const database = { host: "127.0.0.1", port: 3306, user: "shop", password: "p4ss", database: "shop" };
    const shop = await services.sources.create(administrator, { name: "With a password", database, mediaPaths: [] });
    const before = await backUp();
    const foreign = await backUp({ encrypt: false });
    const old = await readFile(keyFile(), "utf8");
    await expect(services.keys.rotate(administrator)).rejects.toMatchObject({ code: "FORBIDDEN" });
    const rotation = await services.keys.rotate(machine);
    expect(rotation).toMatchObject({ oldKeyId: before.row.keyId, unopened: 0 });
    expect(rotation.resealed).toBeGreaterThanOrEqual(2);
    const [first, ...rest] = (await readFile(keyFile(), "utf8")).split("\n");
    expect(rest.join("\n")).toBe(old);
    expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
    const after = await backUp();
    expect(after.row.keyId).toBe(rotation.keyId);
    expect(await restoreOf(before.row.id)).toMatchObject({ status: "COMPLETED" });
    expect((await services.keys.list(administrator)).map(({ id, current }) => [id, current])).toEqual([
      [rotation.keyId, true],
      [before.row.keyId, false],
    ]);

    // The old line goes.
    await writeFile(keyFile(), `${first}\n`, { mode: 0o600 });
    secrets.refresh();
    for (const { row } of [before, foreign]) expect(await restored(row.id)).toMatchObject(unavailable(before.row.keyId ?? ""));
    expect(await services.keys.lost()).toEqual([{ keyId: before.row.keyId, backups: expect.any(Number) }]);
    expect(await restoreOf(after.row.id)).toMatchObject({ status: "COMPLETED" });
    const [row] = await catalog.db.select().from(sources).where(eq(sources.id, shop.id));
    expect(row && services.sources.connectionOf(row)?.password).toBe("p4ss");
    expect(await services.settings.storedSmtpUrl()).toBe("smtp://ada:s3cret@mail.example.org");

    // And comes back, without a restart.
    await writeFile(keyFile(), `${first}\n# the old one\n\n${old}`, { mode: 0o600 });
    for (const { row: each } of [before, foreign]) expect(await restoreOf(each.id)).toMatchObject({ status: "COMPLETED" });
  });

  it("at a start: nothing new is made in its place, and the wrong one is named with the backups that it does not open", async () => {
    const { row } = await backUp();
    const kept = join(holdfast.home, "kept.key");
    await copyFile(keyFile(), kept);
    const { settings } = loadSettings({}, { HOLDFAST_HOME: holdfast.home, HOLDFAST_DATABASE_URL: holdfast.url }, "");
    const open = () => openApp(settings, openLog({ level: "silent" }), async () => ({ add: async () => {} }));
    await rm(keyFile());
    await expect(open()).rejects.toMatchObject({ code: "KEY_MISSING", message: expect.stringContaining(keyFile()) });
    await openSecrets(keyFile(), { mayCreate: true });
    const wrong = await open();
    try {
      const manifest = await wrong.services.backups.manifestOf(row.id);
      if (!manifest) throw new Error("It has no manifest");
      expect(() => wrong.services.keys.readable({ storage: {} as never, folder: row.folder, manifest })).toThrow(
        expect.objectContaining(unavailable(row.keyId ?? "")),
      );
      expect(wrong.services.keys.authenticity(manifest, row.folder)).toBe("FOREIGN");
    } finally {
      await wrong.close();
      await copyFile(kept, keyFile());
    }
  });
});

describe("the recovery kit", () => {
  const kit = async () => {
    const { services } = holdfast.app;
    const { id } = await services.users.create(machine, {
      name: "Eve",
      email: `eve-${Math.random()}@example.org`,
      password,
      role: "ADMIN",
    });
    const actor: Actor = { kind: "user", id, name: "Eve", email: "eve@example.org", role: "ADMIN" };
    return { actor, create: (given: string | null) => services.recoveryKit.create(actor, given) };
  };
  const blocksOf = (html: string) =>
    [...html.matchAll(/<pre[^>]*>(.*?)<\/pre>/gs)].map(([, text = ""]) =>
      text
        .replace(/<[^>]+>/g, "")
        .replaceAll("&gt;", ">")
        .replaceAll("&lt;", "<")
        .replaceAll("&amp;", "&"),
    );

  it("is made for an administrator who gives the password again, and for no token; few passwords may be tried", async () => {
    const { services } = holdfast.app;
    const { actor, create } = await kit();
    const token: Actor = { kind: "token", id: "t", name: "script", role: "ADMIN" };
    await expect(services.recoveryKit.create(token, password)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(services.recoveryKit.create({ ...actor, role: "OPERATOR" } as Actor, password)).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await expect(create(null)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    const before = await services.keys.kitMadeAt(services.keys.currentKeyId());
    await expect(create("not the password")).rejects.toMatchObject({ reason: "PASSWORD_WRONG" });
    expect(await services.keys.kitMadeAt(services.keys.currentKeyId())).toEqual(before);
    expect((await create(password)).filename).toMatch(/^holdfast-recovery-kit-[0-9a-f]{8}-2026-11-23\.html$/);
    expect(await services.keys.kitMadeAt(services.keys.currentKeyId())).toEqual(holdfast.now());
    for (let turn = 0; turn < 4; turn += 1) await create("not the password").catch(() => {});
    await expect(create(password)).rejects.toMatchObject({ reason: "RATE_LIMITED" });
  });

  it("holds all that a restore without Holdfast needs: its own commands, with a mistyped key noticed, bring the files back", async () => {
    const { row } = await backUp();
    const { html } = await (await kit()).create(password);
    expect(html).not.toMatch(/<script|<link|<img|src=|href=|url\(|p4ss|s3cret/);
    const [identity = "", line = "", ...commands] = blocksOf(html);
    const place = await mkdtemp(join(holdfast.home, "elsewhere-"));
    const bash = (text: string, cwd = place) => run("bash", ["-o", "pipefail", "-c", text], { cwd, env: { PATH: process.env.PATH ?? "" } });
    const written = commands.find((block) => block.includes("cat > key.txt"))?.split("\n") ?? [];
    await bash(`${written[0]} <<< '${identity}'`);
    expect((await bash(written[1] ?? "false")).stdout.trim()).toBe((await holdfast.app.services.keys.list(machine))[0]?.recipient);
    const sum = (await bash("sha256sum key.txt")).stdout.slice(0, 16);
    expect(html).toContain(`sha256sum key.txt begins with ${sum}`);
    expect(html).toContain(`sha256sum holdfast.key begins with ${createHash("sha256").update(`${line}\n`).digest("hex").slice(0, 16)}`);
    expect((await stat(join(place, "key.txt"))).mode & 0o777).toBe(0o600);
    const mistyped = identity.replace(/.$/, (last) => (last === "Q" ? "P" : "Q"));
    await expect(bash(`age-keygen -y <<< '${mistyped}'`)).rejects.toThrow();

    expect(html).toContain(row.folder);
    await bash(`cp -r '${join(storage(), row.folder)}' backup; ${commands.find((block) => block.startsWith("mv key.txt"))}`);
    const unpack =
      commands
        .join("\n")
        .split("\n")
        .find((command) => command.includes("media.tar.zst.age")) ?? "false";
    await bash(unpack, join(place, "backup"));
    expect(await readTree(join(place, "backup", "Shop"))).toEqual(await readTree(media()));

    // A new Holdfast with the line in its key file opens what was encrypted.
    await mkdir(join(place, "data"));
    await writeFile(join(place, "data", "holdfast.key"), `${line}\n`);
    expect((await openSecrets(join(place, "data", "holdfast.key"), { mayCreate: false })).keyId).toBe(row.keyId);
  });

  it("and its key stand in no log, no audit entry and no other answer", async () => {
    const { services } = holdfast.app;
    const { html } = await (await kit()).create(password);
    const [identity = "?", line = "?"] = blocksOf(html);
    const audit = await services.audit.page(administrator, 200, null);
    const told = JSON.stringify([holdfast.complaints, audit, await services.keys.list(administrator)]);
    expect(told).toContain("recoveryKit.create");
    for (const secret of [identity, line]) expect(told).not.toContain(secret);
  });
});
