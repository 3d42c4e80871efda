import { execFileSync } from "node:child_process";
import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import type { Envelope } from "../../../server/engine/notify/envelope.ts";
import { type Beat, sendHeartbeat } from "../../../server/engine/notify/heartbeat.ts";
import type { Wire } from "../../../server/engine/notify/post.ts";
import { type Destination, send } from "../../../server/engine/notify/send.ts";
import { listener } from "../../support/listener.ts";
import { hostileMessage } from "../../support/messages.ts";

const wire: Wire = { allowed: ["127.0.0.1"], signal: new AbortController().signal };
const now = new Date("2026-11-22T03:00:05.000Z");
const envelope: Envelope = {
  id: "0a1b2c3d-0000-4000-8000-000000000000",
  message: hostileMessage,
  link: "https://backup.example.com/backups/1",
};
const signingKey = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** What arrives when the message is sent to a server that takes it. */
async function arrived(destination: (url: string) => Destination) {
  const { url, received } = await listener();
  expect(await send(destination(url), envelope, wire, now)).toEqual({ ok: true });
  const [one] = received;
  if (!one) throw new Error("Nothing arrived");
  return { ...one, json: one.body.startsWith("{") ? JSON.parse(one.body) : null };
}

describe("a message", () => {
  it("reaches Slack as blocks of plain text, in which a hostile name has no meaning", async () => {
    const { json } = await arrived((url) => ({ kind: "SLACK", url: `${url}/services/T0/B0/x` }));
    const types = JSON.stringify(json.blocks).match(/"type":"[a-z_]+"/g) ?? [];
    expect(new Set(types)).toEqual(
      new Set(['"type":"header"', '"type":"section"', '"type":"plain_text"', '"type":"actions"', '"type":"button"']),
    );
    expect(json.text).toMatch(/&lt;!channel&gt;/);
    expect(json.text).not.toMatch(/[<>]/);
    expect(json.blocks.at(-1).elements[0].url).toBe(envelope.link);
  });

  it("reaches Discord as an embed that mentions nobody and has no mark-up", async () => {
    const { json } = await arrived((url) => ({ kind: "DISCORD", url }));
    expect(json.allowed_mentions).toEqual({ parse: [] });
    expect(json.embeds[0]).toMatchObject({ url: envelope.link, timestamp: hostileMessage.at, fields: [{ name: "Backup" }] });
    expect(json.embeds[0].title).toMatch(/\\<script\\>alert\\\(1\\\)/);
    expect(json.embeds[0].title).not.toMatch(/(^|[^\\])[*_`[\]<@]/);
  });

  it("reaches Teams as an Adaptive Card of text runs, and a button", async () => {
    const { json } = await arrived((url) => ({ kind: "TEAMS", url }));
    const { contentType, content } = json.attachments[0];
    expect([json.type, contentType, content.type]).toEqual(["message", "application/vnd.microsoft.card.adaptive", "AdaptiveCard"]);
    for (const block of content.body) expect([block.type, block.inlines[0].type]).toEqual(["RichTextBlock", "TextRun"]);
    expect(content.actions).toEqual([{ type: "Action.OpenUrl", title: "Open in Holdfast", url: envelope.link }]);
  });

  it("reaches a Telegram chat with its mark-up escaped", async () => {
    const { path, json } = await arrived((url) => ({ kind: "TELEGRAM", url, token: "1:abc", chatId: "-100" }));
    expect([path, json.chat_id, json.parse_mode]).toEqual(["/bot1:abc/sendMessage", "-100", "HTML"]);
    expect(json.text.match(/<[^>]*>/g)).toEqual(["<b>", "</b>"]);
  });

  it("reaches a topic of ntfy as JSON, with priority, tags, click and token", async () => {
    const { headers, json } = await arrived((url) => ({ kind: "NTFY", url, topic: "backups", token: "tk_1" }));
    expect(headers.authorization).toBe("Bearer tk_1");
    expect(json).toMatchObject({
      topic: "backups",
      priority: 5,
      tags: ["rotating_light"],
      click: envelope.link,
      title: hostileMessage.title,
    });
  });

  it("reaches a webhook signed, so that openssl comes to the same signature", async () => {
    const { headers, body, json } = await arrived((url) => ({ kind: "WEBHOOK", url, signingKey }));
    const { "webhook-id": id, "webhook-timestamp": timestamp } = headers;
    expect([id, timestamp]).toEqual([envelope.id, "1795316405"]);
    expect(json).toMatchObject({
      type: "BACKUP_FAILED",
      timestamp: hostileMessage.at,
      data: { id: envelope.id, link: envelope.link, severity: "bad" },
    });
    const hmac = execFileSync("openssl", ["dgst", "-sha256", "-mac", "HMAC", "-macopt", `hexkey:${"07".repeat(32)}`, "-binary"], {
      input: `${id}.${timestamp}.${body}`,
    });
    expect(headers["webhook-signature"]).toBe(`v1,${hmac.toString("base64")}`);
  });

  it("beats a heartbeat at its start, its success and its failure", async () => {
    const { url, received } = await listener();
    for (const beat of ["start", "success", "fail"] satisfies Beat[])
      await sendHeartbeat({ url: `${url}/ping/uuid?rid=1` }, beat, beat === "fail" ? hostileMessage : null, wire);
    expect(received.map(({ path }) => path)).toEqual(["/ping/uuid/start?rid=1", "/ping/uuid?rid=1", "/ping/uuid/fail?rid=1"]);
    expect(received[2]?.body).toMatch(/^<script>.+: backup failed\n/);
  });
});

describe("a server", () => {
  const answering = async (answer: (response: ServerResponse) => void, more: Partial<Wire> = {}) => {
    const { url } = await listener(answer);
    const secretUrl = `${url}/services/SECRET`;
    return send({ kind: "SLACK", url: secretUrl }, envelope, { ...wire, ...more }, now);
  };

  it("that refuses for good is not asked again; one that may take it later is", async () => {
    expect(await answering((response) => response.writeHead(404).end("no_service"))).toMatchObject({
      permanent: true,
      message: "It answered 404: no_service.",
    });
    for (const status of [408, 429, 500, 503])
      expect(await answering((response) => response.writeHead(status).end())).toMatchObject({ ok: false, permanent: false });
    expect(await answering((response) => response.writeHead(429, { "retry-after": "90" }).end())).toMatchObject({ retryAfterSeconds: 90 });
    const far = new Date(Date.now() + 30 * 24 * 3_600_000).toUTCString();
    expect(await answering((response) => response.writeHead(503, { "retry-after": far }).end())).toMatchObject({
      retryAfterSeconds: 21_600,
    });
  });

  it("that never answers, drips, breaks off or closes at once fails the try in time, to be tried again", async () => {
    const short = { wholeMilliseconds: 300 };
    expect(await answering(() => {}, short)).toMatchObject({ permanent: false, message: "It gave no answer in time." });
    const drip = (response: ServerResponse) => {
      const timer = setInterval(() => response.write("x"), 20);
      response.writeHead(500).on("close", () => clearInterval(timer));
    };
    expect(await answering(drip, short)).toMatchObject({ ok: false, permanent: false });
    const midway = (response: ServerResponse) =>
      response.writeHead(500, { "content-length": "100" }).write("half", () => response.destroy());
    expect(await answering(midway)).toMatchObject({ ok: false, permanent: false });
    expect(await answering((response) => response.destroy())).toMatchObject({
      permanent: false,
      message: "It could not be reached: the connection was closed.",
    });
  });

  it("that answers without end is read for 4 kB, and its word is cut and shown without the secret", async () => {
    let written = 0;
    const endless = (response: ServerResponse) => {
      response.writeHead(400);
      const more = () => {
        while (!response.destroyed && response.write("no /services/SECRET here ".repeat(100))) written += 2500;
      };
      response.on("drain", more);
      more();
    };
    const outcome = await answering(endless);
    expect(outcome).toMatchObject({ ok: false, permanent: true });
    if (outcome.ok) return;
    expect(outcome.message.length).toBeLessThan(250);
    expect(written).toBeLessThan(50_000_000);
    const { url } = await listener((response, { path }) => response.writeHead(400).end(`bad http://127.0.0.1${path}`));
    const told = await send({ kind: "TELEGRAM", url, token: "1:SECRET", chatId: "1" }, envelope, wire, now);
    expect(JSON.stringify(told)).not.toMatch(/SECRET/);
  });
});
