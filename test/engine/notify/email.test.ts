import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { sendEmail } from "../../../server/engine/notify/email.ts";
import type { Envelope } from "../../../server/engine/notify/envelope.ts";
import { mailbox, partOf } from "../../support/mailbox.ts";
import { hostileMessage } from "../../support/messages.ts";

const envelope: Envelope = {
  id: "0a1b2c3d-0000-4000-8000-000000000000",
  message: hostileMessage,
  link: "https://backup.example.com/backups/1",
};
const wire = { signal: new AbortController().signal };
const from = "Backups <backup@example.com>";
const addresses = ["ada@example.com", "bob@example.com"];

describe("a mail", () => {
  it("arrives at every address with text and HTML, one header for each thing, and hostile names as text", async () => {
    const { url, mails } = await mailbox({ disabledCommands: ["STARTTLS", "AUTH"] });
    expect(await sendEmail({ addresses, server: { url, from } }, envelope, wire)).toEqual({ ok: true });
    const [mail] = mails;
    if (!mail) throw new Error("No mail came");
    expect([mail.from, mail.to]).toEqual(["backup@example.com", addresses]);
    expect(mail.headers.get("message-id")).toBe("<0a1b2c3d-0000-4000-8000-000000000000@example.com>");
    expect(mail.headers.get("auto-submitted")).toBe("auto-generated");
    expect([...mail.headers.keys()].filter((name) => /^(bcc|cc)$/.test(name))).toEqual([]);
    expect(mail.raw.match(/^Subject:/gim)).toHaveLength(1);
    expect(partOf(mail, "text/plain")).toContain("https://backup.example.com/backups/1");
    const html = partOf(mail, "text/html");
    expect(html).not.toMatch(/<script|<a href="http:\/\/evil/);
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html).toContain('<a href="https://backup.example.com/backups/1">');
  });

  it("goes over TLS with user and password where the server has them, and is refused for good with the wrong ones, which are not repeated", async () => {
    const { port, mails } = await mailbox({
      authOptional: false,
      onAuth: ({ username, password }, _, done) =>
        username === "ada" && password === "s@cret/1" ? done(null, { user: "ada" }) : done(new Error(`Invalid login ${password ?? ""}`)),
    });
    const url = (password: string) => `smtp://ada:${encodeURIComponent(password)}@127.0.0.1:${port}?tls.rejectUnauthorized=false`;
    expect(await sendEmail({ addresses, server: { url: url("s@cret/1"), from } }, envelope, wire)).toEqual({ ok: true });
    expect(mails.map(({ secure, user }) => [secure, user])).toEqual([[true, "ada"]]);
    const refused = await sendEmail({ addresses, server: { url: url("wr0ng-one"), from } }, envelope, wire);
    expect(refused).toMatchObject({ ok: false, permanent: true, message: expect.stringMatching(/refused the user name or the password/) });
    expect(JSON.stringify(refused)).not.toMatch(/wr0ng-one/);
  });

  it("tells which address was refused, and fails for good only when all are", async () => {
    const { url, mails } = await mailbox({
      onRcptTo: ({ address }, _, done) =>
        address.startsWith("bob") ? done(Object.assign(new Error("no such user"), { responseCode: 550 })) : done(),
    });
    const server = { url: `${url}?ignoreTLS=true`, from };
    expect(await sendEmail({ addresses, server }, envelope, wire)).toEqual({ ok: true, note: "Refused for bob@example.com." });
    expect(mails).toHaveLength(1);
    expect(await sendEmail({ addresses: ["bob@example.com"], server }, envelope, wire)).toMatchObject({ ok: false, permanent: true });
  });

  it("fails for now when the server is away, busy, or never says a word", async () => {
    expect(await sendEmail({ addresses, server: { url: "smtp://127.0.0.1:1", from } }, envelope, wire)).toMatchObject({
      ok: false,
      permanent: false,
    });
    const busy = await mailbox({
      onMailFrom: (_address, _session, done) => done(Object.assign(new Error("try later"), { responseCode: 451 })),
    });
    expect(await sendEmail({ addresses, server: { url: `${busy.url}?ignoreTLS=true`, from } }, envelope, wire)).toMatchObject({
      ok: false,
      permanent: false,
    });
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => void sockets.add(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const url = `smtp://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    expect(await sendEmail({ addresses, server: { url, from } }, envelope, { ...wire, wholeMilliseconds: 300 })).toEqual({
      ...{ ok: false, permanent: false, message: "The mail server gave no answer in time.", hint: null },
    });
  });
});
