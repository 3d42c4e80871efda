import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerOf, command } from "../support/command.ts";
import { addSource, ask, backUp, follow, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { makeTree } from "../support/trees.ts";

let holdfast: Holdfast;
let folder: string;
let sourceId: string;
beforeAll(async () => {
  [holdfast, folder] = [await startHoldfast(), await mkdtemp(join(tmpdir(), "holdfast-keys-"))];
  sourceId = await addSource(holdfast, "Letters", null, [await makeTree(join(folder, "letters"), { "a.txt": "a" })]);
});
afterAll(async () => {
  await holdfast[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => command(holdfast.env, args);
const keys = () =>
  answerOf<{ id: string; recipient: string; current: boolean; kitMadeAt: string | null; backups: number }[]>(holdfast.env, "keys");
const recipientsOf = async (id: string) =>
  (await holdfast.graphql<{ backup: { recipients: string[] } }>("query ($id: ID!) { backup(id: $id) { recipients } }", { id })).backup
    .recipients;

/** The public halves of the secret keys on a kit's page, as the stock tool tells them. */
async function recipientsIn(html: string): Promise<string[]> {
  const file = join(folder, "identities.txt");
  await writeFile(file, [...new Set(html.replaceAll(/<[^>]+>/g, "").match(/AGE-SECRET-KEY-1[A-Z0-9]+/g))].join("\n"));
  return (await promisify(execFile)("age-keygen", ["-y", file])).stdout.trim().split("\n");
}

describe("a recovery kit", () => {
  const document = "mutation ($password: String) { createRecoveryKit(password: $password) { filename html } }";

  it("is made over HTTP for whoever is signed in and gives the password again, and for no token", async () => {
    const make = (password: string | null) =>
      holdfast.graphql<{ createRecoveryKit: { filename: string; html: string } }>(document, { password });
    const password = holdfast.env.HOLDFAST_ADMIN_PASSWORD ?? "";
    const { createApiToken } = await holdfast.graphql<{ createApiToken: { secret: string } }>(
      'mutation { createApiToken(input: { name: "script", role: ADMIN }) { secret } }',
    );
    const byToken = ask(holdfast.url, { authorization: `Bearer ${createApiToken.secret}` }, document, { password });
    await expect(byToken).rejects.toThrow("FORBIDDEN: A recovery kit is made for a person, not for an API token.");
    await expect(ask(holdfast.url, {}, document, { password })).rejects.toThrow(/^UNAUTHENTICATED/);
    await expect(make(null)).rejects.toThrow("BAD_USER_INPUT: The password is asked for again");
    await expect(make(`${password}!`)).rejects.toThrow("FORBIDDEN: The password is wrong.");
    expect(await keys()).toMatchObject([{ current: true, kitMadeAt: null }]);

    const { filename, html } = (await make(password)).createRecoveryKit;
    const [key] = await keys();
    expect(filename).toMatch(new RegExp(`^holdfast-recovery-kit-${key?.id}-.*\\.html$`));
    expect(await recipientsIn(html)).toEqual([key?.recipient]);
    expect(key?.kitMadeAt).not.toBeNull();
  });

  it("is written on the command line into a new file that its owner alone may read", async () => {
    const file = join(folder, "kit.html");
    const made = await run("recovery-kit", "--output", file);
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Written to .*kit\.html\. It holds the key of all backups/) });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const html = await readFile(file, "utf8");
    expect(await recipientsIn(html)).toEqual((await keys()).map(({ recipient }) => recipient));
    expect(made.stdout + made.stderr).not.toContain("AGE-SECRET-KEY");

    expect(await run("recovery-kit", "--output", file)).toMatchObject({ code: 2, stderr: expect.stringContaining("not there yet") });
    expect(await readFile(file, "utf8")).toBe(html);
    expect(await run("recovery-kit")).toMatchObject({ code: 2, stderr: expect.stringContaining("--output") });
  });
});

describe("the keys on the command line", () => {
  it("are listed without what is secret, and a new one is put in front, which the running server takes at once", async () => {
    const before = await backUp(holdfast, { type: "MEDIA", sourceId, encrypt: true });
    const listed = await run("keys");
    expect(listed.stdout).toMatch(
      /^KEY +BACKUPS +RECOVERY KIT \(UTC\) +RECIPIENT\n[0-9a-f]{8} +current +1 +(?:20\S+ \S+|never) +age1\w+\n$/,
    );
    const [, oldId, oldRecipient] = /\n(\S+) .* (age1\S+)\n/.exec(listed.stdout) ?? [];
    const rotated = await run("keys", "rotate");
    expect(rotated).toMatchObject({ code: 0, stderr: "" });
    const after = await backUp(holdfast, { type: "MEDIA", sourceId, encrypt: true });
    const [current, older, ...more] = await keys();
    expect([current, older, more]).toEqual([
      expect.objectContaining({ current: true, kitMadeAt: null, backups: 1 }),
      expect.objectContaining({ id: oldId, recipient: oldRecipient, current: false, backups: 1 }),
      [],
    ]);
    expect(rotated.stdout).toContain(`first line is the new key ${current?.id} now`);
    expect([await recipientsOf(before.id), await recipientsOf(after.id)]).toEqual([[oldRecipient], [current?.recipient]]);
    for (const secret of (await readFile(join(holdfast.home, "holdfast.key"), "utf8")).trim().split("\n"))
      expect(rotated.stdout + listed.stdout).not.toContain(secret);
  });

  it("are neither rotated nor given away from another machine", async () => {
    const token = join(folder, "token");
    const { stdout } = await run("create-token", "--name", "afar", "--role", "admin");
    await writeFile(token, stdout, { mode: 0o600 });
    const kit = join(folder, "from-afar.html");
    for (const words of [
      ["keys", "rotate"],
      ["recovery-kit", "--output", kit],
    ])
      expect(await command({}, [...words, "--remote", holdfast.url, "--token-file", token])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("on the machine itself"),
      });
    await expect(stat(kit)).rejects.toThrow("ENOENT");
  });
});

describe("a schedule", () => {
  it("encrypts its backups, or does not, whatever the settings say; without a word of its own it does as they say", async () => {
    const make = async (name: string, ...words: string[]) =>
      (await answerOf<{ id: string }>(holdfast.env, "create-schedule", "--name", name, "--cron", "0 4 1 1 *", ...words)).id;
    const [always, never, asSet] = [await make("Always", "--encrypt"), await make("Never", "--no-encrypt"), await make("As set")];
    const encrypted = async (id: string) => {
      const { runSchedule } = await holdfast.graphql<{ runSchedule: { id: string } }>(
        "mutation ($id: ID!) { runSchedule(id: $id) { id } }",
        { id },
      );
      await follow(holdfast, runSchedule.id);
      return (await recipientsOf(runSchedule.id)).length > 0;
    };
    expect([await encrypted(always), await encrypted(asSet)]).toEqual([true, false]);
    await holdfast.graphql("mutation { updateSettings(input: { encryptBackups: true }) { encryptBackups } }");
    expect([await encrypted(never), await encrypted(asSet)]).toEqual([false, true]);
  });
});
