import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSecrets } from "../../server/services/secrets.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "holdfast-keys-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const make = (name: string) => openSecrets(join(home, name), { mayCreate: true });
const secret = 'pa$$ "wörd" \u0000 🔑';

describe("sealed secrets", () => {
  it("open again after a restart, only in their own context", async () => {
    const sealed = (await make("a.key")).seal(secret, "sources/1/password");
    const again = await openSecrets(join(home, "a.key"), { mayCreate: false });
    expect(again.open(sealed, "sources/1/password")).toBe(secret);
    expect(() => again.open(sealed, "sources/2/password")).toThrow(expect.objectContaining({ code: "KEY_MISSING" }));
  });

  it("have a form that names the key, hides the secret and differs each time", async () => {
    const secrets = await make("a.key");
    const [one, two] = [secrets.seal(secret, "x"), secrets.seal(secret, "x")];
    expect(one).toMatch(new RegExp(`^v1\\.${secrets.keyId}\\.[A-Za-z0-9_-]+$`));
    expect(one).not.toBe(two);
    expect(Buffer.from(one.split(".")[2] ?? "", "base64url").toString()).not.toContain("pa$$");
  });

  it("stay shut when any byte is changed, cut or added", async () => {
    const secrets = await make("a.key");
    const sealed = secrets.seal(secret, "x");
    const [version, key, body] = sealed.split(".");
    const bytes = Buffer.from(body ?? "", "base64url");
    const spoiled = [...bytes.keys()].map((at) => Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))));
    const bodies = [...spoiled, bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.from("x")]), bytes.subarray(0, 20), Buffer.alloc(0)];
    const texts = [...bodies.map((each) => `${version}.${key}.${each.toString("base64url")}`), secret, "", `v2.${key}.${body}`];
    for (const text of texts) expect(() => secrets.open(text, "x")).toThrow(expect.objectContaining({ code: "KEY_MISSING" }));
  });

  it("name the key that is missing when another one is there", async () => {
    const [one, other] = [await make("a.key"), await make("b.key")];
    const sealed = one.seal(secret, "x");
    expect(() => other.open(sealed, "x")).toThrow(
      expect.objectContaining({
        code: "KEY_MISSING",
        message: expect.stringContaining(one.keyId),
        hint: expect.stringContaining(one.keyId),
      }),
    );
  });

  it("share no key with the secrets derived for other purposes, which stay the same", async () => {
    const [one, again] = [await make("a.key"), await make("a.key")];
    expect(one.derive("sessions")).toBe(again.derive("sessions"));
    expect(one.derive("sessions")).not.toBe(one.derive("downloads"));
    expect(Buffer.from(one.derive("sessions"), "base64url")).toHaveLength(32);
  });
});

describe("the key file", () => {
  it("is made once, for its owner only, in a folder that need not be there", async () => {
    const file = join(home, "new", "home", "holdfast.key");
    await openSecrets(file, { mayCreate: true });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(Buffer.from(await readFile(file, "utf8"), "base64")).toHaveLength(32);
    expect(await readdir(join(home, "new", "home"))).toEqual(["holdfast.key"]);
  });

  it("is the same for all who start at the same moment or nearly so", async () => {
    for (let round = 0; round < 10; round += 1) {
      const starters = Array.from({ length: 12 }, async (_, lateBy) => {
        for (let each = 0; each < lateBy; each += 1) await stat(home);
        return make(`race${round}.key`);
      });
      expect(new Set((await Promise.all(starters)).map(({ keyId }) => keyId)).size).toBe(1);
    }
    expect((await readdir(home)).filter((name) => name.startsWith("race"))).toHaveLength(10);
  });

  it("is not made anew where secrets depend on it", async () => {
    await expect(openSecrets(join(home, "lost.key"), { mayCreate: false })).rejects.toMatchObject({
      code: "KEY_MISSING",
      message: expect.stringContaining("lost.key"),
      hint: expect.stringContaining("HOLDFAST_KEY_FILE"),
    });
    expect(await readdir(home)).not.toContain("lost.key");
  });

  it.each([
    ["empty", ""],
    ["cut", "AAAA\n"],
    ["not base64", `${"?".repeat(44)}\n`],
  ])("is refused, and left as it is, when it is %s", async (name, text) => {
    const file = join(home, `${name}.key`);
    await writeFile(file, text);
    await expect(openSecrets(file, { mayCreate: true })).rejects.toMatchObject({ code: "KEY_MISSING" });
    expect(await readFile(file, "utf8")).toBe(text);
  });

  it("is refused when it cannot be read or its folder not be made", async () => {
    await expect(openSecrets(home, { mayCreate: true })).rejects.toMatchObject({ code: "KEY_MISSING" });
    const file = join(home, "a.key");
    await make("a.key");
    await expect(openSecrets(join(file, "holdfast.key"), { mayCreate: true })).rejects.toMatchObject({ code: "KEY_MISSING" });
  });
});
