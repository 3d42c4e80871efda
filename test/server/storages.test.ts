import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerOf, command } from "../support/command.ts";
import { addSource, backUp, type Holdfast, restore, startHoldfast } from "../support/holdfast.ts";
import { type S3Server, s3Keys, s3Server } from "../support/s3-server.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";
import { makeTree } from "../support/trees.ts";

let holdfast: Holdfast;
let s3: S3Server;
let sshd: Sshd;
let folder: string;
let media: string;
let sourceId: string;

beforeAll(async () => {
  [holdfast, s3, sshd] = await Promise.all([startHoldfast(), s3Server(), startSshd()]);
  folder = await mkdtemp(join(tmpdir(), "holdfast-storages-"));
  media = await makeTree(join(folder, "media"), { "a.txt": "first", "deep/b.txt": "second" });
  sourceId = await addSource(holdfast, "Pictures", null, [media]);
  await allow(["127.0.0.1"]);
});
afterAll(async () => {
  await Promise.all([holdfast[Symbol.asyncDispose](), s3.stop(), sshd[Symbol.asyncDispose]()]);
  await rm(folder, { recursive: true, force: true });
});

const allow = (allowedEndpoints: readonly string[]) =>
  holdfast.graphql("mutation ($input: SettingsInput!) { updateSettings(input: $input) { allowedEndpoints } }", {
    input: { allowedEndpoints },
  });

interface Shown {
  readonly id: string;
  readonly location: string;
  readonly backupCount: number;
  readonly problem: { readonly code: string; readonly message: string } | null;
}
const fields = `id name kind location isDefault shared usedBytes freeBytes totalBytes backupCount missingCopies bytesPerSecond checkedAt
  problem { code reason message hint } local { directory } s3 { bucket prefix region endpoint accessKeyId forcePathStyle }
  sftp { host port user hostKey fingerprint directory passwordSet privateKeySet }`;
const create = async (input: object) =>
  (
    await holdfast.graphql<{ createStorage: Shown }>(`mutation ($input: StorageInput!) { createStorage(input: $input) { ${fields} } }`, {
      input,
    })
  ).createStorage;
const update = async (id: string, input: object) =>
  (
    await holdfast.graphql<{ updateStorage: Shown }>(
      `mutation ($id: ID!, $input: StorageInput!) { updateStorage(id: $id, input: $input) { ${fields} } }`,
      { id, input },
    )
  ).updateStorage;
const check = async (id: string | null, input: object | null) =>
  (
    await holdfast.graphql<{ checkStorage: { ok: boolean; message: string | null } }>(
      "mutation ($id: ID, $input: StorageInput) { checkStorage(id: $id, input: $input) { ok message hint } }",
      { id, input },
    )
  ).checkStorage;
const listed = async (id: string) =>
  (await holdfast.graphql<{ storages: Shown[] }>(`{ storages { ${fields} } }`)).storages.find((one) => one.id === id);
const remove = (id: string) => holdfast.graphql("mutation ($id: ID!) { deleteStorage(id: $id) }", { id });

/** Takes a backup there, looses a file, and brings it back from there. */
async function backUpAndRestore(storageId: string): Promise<string> {
  const backup = await backUp(holdfast, { type: "MEDIA", sourceId, storageId });
  expect(backup).toMatchObject({ status: "COMPLETED", error: null });
  await rm(join(media, "deep/b.txt"));
  const input = { backupId: backup.id, type: "MEDIA", mode: "REPLACE", backupBeforeRestore: false };
  expect(await restore(holdfast, input)).toMatchObject({ status: "COMPLETED", error: null });
  expect(await readFile(join(media, "deep/b.txt"), "utf8")).toBe("second");
  return backup.id;
}
const deleteBackup = (id: string) => holdfast.graphql("mutation ($id: ID!) { deleteBackup(id: $id) }", { id });

describe("a bucket", () => {
  const { accessKeyId, secretAccessKey } = s3Keys;

  it("is refused at an address that nobody allowed, and tried out before it is a storage", async () => {
    const place = await s3.bucket();
    const input = { name: "Bucket", kind: "S3", s3: { ...place, accessKeyId, secretAccessKey } };
    await allow([]);
    await expect(create(input)).rejects.toThrow(/^BAD_USER_INPUT: 127\.0\.0\.1 is not a public address/);
    await allow(["127.0.0.1"]);
    const wrong = { ...input, s3: { ...input.s3, secretAccessKey: "mistaken" } };
    expect(await check(null, wrong)).toMatchObject({ ok: false, message: expect.not.stringContaining("mistaken") });
    await expect(create(wrong)).rejects.toThrow(/^STORAGE_UNAVAILABLE/);
    await expect(create({ ...input, s3: { ...input.s3, bucket: "not-there" } })).rejects.toThrow(/^STORAGE_UNAVAILABLE: .*not-there/);
    expect((await s3.held(place)).objects).toEqual([]);
  });

  it("keeps a backup, gives it back, is told of, and lets go of it", async () => {
    const place = await s3.bucket();
    const input = { name: "Offsite", kind: "S3", s3: { ...place, prefix: "holdfast/shop", secretAccessKey }, bytesPerSecond: 50_000_000 };
    const made = await create(input);
    expect(made).toMatchObject({
      location: `s3://${place.bucket}/holdfast/shop at ${s3.url}`,
      s3: { ...place, prefix: "holdfast/shop" },
      ...{ local: null, sftp: null, freeBytes: null, totalBytes: null, shared: false, problem: null, bytesPerSecond: 50_000_000 },
    });
    const id = await backUpAndRestore(made.id);
    const held = (await s3.held(place)).objects;
    expect(held.every((key) => key?.startsWith("holdfast/shop/"))).toBe(true);
    expect(held).toContain("holdfast/shop/.holdfast/storage.json");
    expect(await listed(made.id)).toMatchObject({ backupCount: 1, problem: null });

    // What is left out stays, where it goes to the same server and account.
    const { secretAccessKey: _, ...without } = input.s3;
    expect(await check(made.id, { ...input, s3: without })).toMatchObject({ ok: true });
    expect(await update(made.id, { ...input, name: "Far away", s3: without })).toMatchObject({ name: "Far away" });
    await expect(update(made.id, { ...input, s3: { ...without, accessKeyId: "another" } })).rejects.toThrow(
      "BAD_USER_INPUT: The endpoint or the access key changed, so the secret access key has to be given again.",
    );
    const elsewhere = { ...input, s3: { ...without, prefix: "elsewhere" } };
    await expect(update(made.id, elsewhere)).rejects.toThrow("CONFLICT: This storage already holds backups, so its place cannot change.");
    await expect(remove(made.id)).rejects.toThrow("CONFLICT");
    await deleteBackup(id);
    const left = async () => (await s3.held(place)).objects.filter((key) => !key?.startsWith("holdfast/shop/.holdfast/"));
    await expect.poll(left).toEqual([]);
    await remove(made.id);
    expect(await listed(made.id)).toBeUndefined();
  });

  it("that does not answer is listed all the same, at once, with what is wrong", async () => {
    const server = await s3Server();
    const place = await server.bucket();
    const made = await create({ name: "Gone", kind: "S3", s3: { ...place, secretAccessKey } });
    await server.stop();
    expect(await check(made.id, null)).toMatchObject({ ok: false });
    expect(await listed(made.id)).toMatchObject({ freeBytes: null, problem: { code: "STORAGE_UNAVAILABLE" } });
    await remove(made.id);
  });
});

describe("a folder on an SFTP server", () => {
  const input = async (more: object = {}) => {
    const { host, port, user, privateKey } = { host: "127.0.0.1", port: sshd.port, user: sshd.user, privateKey: sshd.privateKey };
    return { name: "Nas", kind: "SFTP", sftp: { host, port, user, privateKey, directory: await sshd.newFolder(), ...more } };
  };
  const readHostKey = async () =>
    (
      await holdfast.graphql<{ readHostKey: { hostKey: string; type: string; fingerprint: string } }>(
        'mutation ($port: Int!) { readHostKey(host: "127.0.0.1", port: $port) { hostKey type fingerprint } }',
        { port: sshd.port },
      )
    ).readHostKey;

  it("keeps a backup behind the pinned host key, gives it back, and lets go of it", async () => {
    const shown = await readHostKey();
    expect(shown).toMatchObject({ type: "ssh-ed25519", fingerprint: expect.stringMatching(/^SHA256:[\w+/]{43}$/) });
    await expect(create(await input())).rejects.toThrow(/^BAD_USER_INPUT: Host key: without it/);
    const wanted = await input({ hostKey: shown.hostKey });
    const made = await create(wanted);
    expect(made).toMatchObject({
      sftp: { hostKey: shown.hostKey, fingerprint: shown.fingerprint, passwordSet: false, privateKeySet: true },
      ...{ freeBytes: expect.any(Number), totalBytes: expect.any(Number), local: null, s3: null },
    });
    const id = await backUpAndRestore(made.id);
    // Neither the key nor the host key has to be given again; another server has to show its own.
    const { privateKey: _, hostKey: __, ...without } = wanted.sftp as Record<string, unknown>;
    expect(await check(made.id, { ...wanted, sftp: without })).toMatchObject({ ok: true });
    await expect(update(made.id, { ...wanted, sftp: { ...without, host: "localhost" } })).rejects.toThrow("Host key: without it");
    await expect(update(made.id, { ...wanted, sftp: { ...without, host: "localhost", hostKey: shown.hostKey } })).rejects.toThrow(
      "the password or the private key has to be given again",
    );
    await expect(
      update(made.id, { ...wanted, sftp: { ...without, hostKey: sshd.hostKeys.rsa.split(" ").slice(0, 2).join(" ") } }),
    ).resolves.toMatchObject({
      sftp: { hostKey: expect.stringMatching(/^ssh-rsa /) },
    });
    await deleteBackup(id);
    await expect
      .poll(async () =>
        remove(made.id).then(
          () => "gone",
          () => "there",
        ),
      )
      .toBe("gone");
  });

  it("is made, changed and checked from the command line, with its secret from a file", async () => {
    const { sftp } = await input();
    const [file, { fingerprint }] = [join(folder, "id"), await readHostKey()];
    await writeFile(file, sftp.privateKey, { mode: 0o600 });
    const run = (...words: readonly string[]) => command(holdfast.env, words);
    const place = ["--host", "127.0.0.1", "--port", String(sftp.port), "--user", sftp.user, "--directory", sftp.directory];
    const made = await run("create-storage", "--name", "Shed", ...place, "--private-key-file", file, "--fingerprint", fingerprint);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Made Shed \(.*\): sftp:\/\//) });
    expect(await run("update-storage", "Shed", "--speed", "5000000")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Changed Shed/),
    });
    expect(await answerOf(holdfast.env, "update-storage", "Shed", "--speed", "none")).toMatchObject({ bytesPerSecond: null });
    expect(await run("check-storage", "Shed")).toMatchObject({ code: 0, stdout: "Shed can be written, read, listed and removed from.\n" });
    expect((await run("storages")).stdout).toMatch(/ Shed +sftp +sftp:\/\//);
    expect(await run("delete-storage", "Shed", "--yes")).toMatchObject({ code: 0 });
  });
});

it("tells no secret of a storage: not in an answer, the log, the audit or the catalog", async () => {
  const everything = JSON.stringify([
    holdfast.lines,
    await holdfast.graphql(`{ storages { ${fields} } auditLog(first: 100) { nodes { action subject details } } }`),
    await holdfast.graphql("mutation { exportConfiguration { content } }"),
  ]);
  expect(everything).toContain("storage.create");
  for (const secret of [`"${s3Keys.secretAccessKey}"`, sshd.privateKey.split("\n")[3] ?? "?"]) expect(everything).not.toContain(secret);
});
