import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parsePublicKey } from "../../server/domain/ssh-key.ts";
import { checkSftpConfig, checkSftpSecrets } from "../../server/domain/storage-check-sftp.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));
/** A key pair as ssh-keygen makes it. */
function pair(name: string, ...options: string[]) {
  const path = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-f", path, "-C", "a comment", ...options]);
  const fingerprint = execFileSync("ssh-keygen", ["-l", "-f", path], { encoding: "utf8" }).split(" ")[1];
  return { path, secret: readFileSync(path, "utf8"), line: readFileSync(`${path}.pub`, "utf8").trim(), fingerprint };
}
const plain = ["-N", ""];
const ed25519 = pair("ed25519", "-t", "ed25519", ...plain);
const rsa = pair("rsa", "-t", "rsa", "-b", "2048", ...plain);
const keys = [ed25519, rsa, pair("ecdsa", "-t", "ecdsa", "-b", "521", ...plain)];

const request = { host: "nas.lan", user: "holdfast", directory: "/backups", hostKey: ed25519.line };
const refusal = (reason: string) => expect.objectContaining({ code: "BAD_USER_INPUT", reason });

describe("an SFTP storage as it is entered", () => {
  it("keeps host, port, user, directory and the key alone, tidied", () => {
    const key = ed25519.line.replace(" a comment", "");
    expect(
      checkSftpConfig({ ...request, host: " [fd00::1] ", directory: "//backups//shop/", hostKey: `nas.lan ${ed25519.line}\n` }),
    ).toEqual({ host: "fd00::1", port: 22, user: "holdfast", directory: "/backups/shop", hostKey: key });
    for (const host of ["10.0.0.5", "localhost", "a-b.example.com", "::1"]) expect(checkSftpConfig({ ...request, host }).host).toBe(host);
  });

  it.each([
    ["HOST", { host: "" }],
    ["HOST", { host: "sftp://nas.lan" }],
    ["HOST", { host: "me@nas.lan" }],
    ["HOST", { host: "nas.lan/backups" }],
    ["HOST", { host: "nas lan" }],
    ["HOST", { host: "-oProxyCommand=x" }],
    ["HOST", { host: "300.1.1.1" }],
    ["HOST", { host: "nas\n.lan" }],
    ["PORT", { port: 0 }],
    ["PORT", { port: 65_536 }],
    ["PORT", { port: 22.5 }],
    ["USER", { user: "" }],
    ["USER", { user: "a\nb" }],
    ["DIRECTORY", { directory: "backups" }],
    ["DIRECTORY", { directory: "/" }],
    ["DIRECTORY", { directory: "/backups/../etc" }],
    ["DIRECTORY", { directory: "/back\nups" }],
    ["DIRECTORY", { directory: "/back\0ups" }],
    ["DIRECTORY", { directory: `/${"x/".repeat(1100)}` }],
    ["HOST_KEY", { hostKey: null }],
    ["HOST_KEY", { hostKey: "ssh-ed25519 AAAA" }],
    ["HOST_KEY", { hostKey: ed25519.line.replace("ssh-ed25519", "ssh-rsa") }],
    ["HOST_KEY", { hostKey: ed25519.fingerprint ?? "" }],
    ["HOST_KEY", { hostKey: `${ed25519.line}\n${rsa.line}` }],
  ])("is refused for its %s: %j", (reason, wrong) => {
    expect(() => checkSftpConfig({ ...request, ...wrong })).toThrow(refusal(reason));
  });

  it("knows host keys of each kind, and their fingerprints as ssh-keygen prints them", () => {
    for (const { line, fingerprint } of keys) expect(parsePublicKey(line)).toMatchObject({ type: line.split(" ")[0], fingerprint });
  });

  it("takes private keys of each kind, in OpenSSH's form and the old one", () => {
    const old = pair("old", "-t", "rsa", "-b", "2048", "-m", "PEM", ...plain);
    for (const { secret } of [...keys, old])
      expect(checkSftpSecrets({ privateKey: secret.replaceAll("\n", "\r\n") })).toEqual({ privateKey: secret });
    expect(checkSftpSecrets({ password: "p w", privateKey: null })).toEqual({ password: "p w" });
  });

  it("refuses an encrypted private key with what to do, and what is none, without repeating it", () => {
    const locked = [
      pair("locked", "-t", "ed25519", "-N", "open sesame"),
      pair("locked-old", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "open sesame"),
    ];
    for (const { secret } of locked)
      expect(() => checkSftpSecrets({ privateKey: secret })).toThrow(
        expect.objectContaining({
          reason: "PRIVATE_KEY",
          message: expect.stringContaining("encrypted"),
          hint: expect.stringContaining("-N ''"),
        }),
      );
    const lines = ed25519.secret.split("\n");
    const wrong = ["secret-word", ed25519.line, lines.slice(0, 3).join("\n"), [lines[0], lines[1], lines.at(-2)].join("\n")];
    for (const privateKey of wrong)
      expect(() => checkSftpSecrets({ privateKey })).toThrow(
        expect.objectContaining({ reason: "PRIVATE_KEY", message: expect.not.stringContaining(privateKey.slice(0, 11)) }),
      );
    expect(() => checkSftpSecrets({ password: "a\nb" })).toThrow(refusal("PASSWORD"));
  });
});
