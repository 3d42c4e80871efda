import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listChannels } from "../../server/db/channels.ts";
import { insertStorage } from "../../server/db/storages.ts";
import type { Actor } from "../../server/domain/access.ts";
import { type DeliveryId, newId, type SourceId, type StorageId } from "../../server/domain/ids.ts";
import type { ChannelRequest } from "../../server/services/channel-request.ts";
import { putIntoOutbox, readAudience } from "../../server/services/outbox.ts";
import { listener } from "../support/listener.ts";
import { mailbox } from "../support/mailbox.ts";
import { hostileMessage } from "../support/messages.ts";
import { addBackupRow, addSourceRow, hours, minutes, notified } from "../support/notified.ts";

const admin: Actor = { kind: "cli", name: "root", role: "ADMIN" };
const viewer: Actor = { kind: "token", id: "1", name: "looks", role: "VIEWER" };
const refused = { code: "BAD_USER_INPUT", reason: "ENDPOINT_NOT_ALLOWED" };
let told: Awaited<ReturnType<typeof notified>>;

beforeAll(async () => {
  told = await notified();
});
beforeEach(() => told.reset());
afterAll(async () => {
  await told?.[Symbol.asyncDispose]();
  expect(told.unforeseen).toEqual([]);
});

const hook = (url: string, more: Partial<ChannelRequest> = {}): ChannelRequest => ({
  ...{ name: `Hook ${randomBytes(4).toString("hex")}`, kind: "WEBHOOK", url },
  ...more,
});
/** Puts a message for everybody into the outbox. */
async function tell(subject = "source:1", title = "Shop: backup failed", sourceId: SourceId | null = null): Promise<DeliveryId[]> {
  const audience = await readAudience(told.db, await told.settings.current());
  return putIntoOutbox(told.db, audience, [{ message: { ...hostileMessage, title }, subject, sourceId }], told.clock.now());
}
async function send(): Promise<void> {
  await told.deliveries.wake();
  await told.deliveries.idle();
}
const all = async () => (await told.deliveries.page(admin, {}, 200, null)).nodes.toReversed();
const states = async () =>
  (await all()).map(({ channelName, status, attempts, lastError }) => ({ channelName, status, attempts, lastError }));

describe("the outbox", () => {
  it("tries again after 30 s, 2 min, 10 min, 1 h and 6 h under the same id, and then gives up and says why", async () => {
    const { url, received } = await listener((response) => response.writeHead(500).end());
    await told.channels.create(admin, hook(url));
    const [id] = await tell();
    const waits: number[] = [];
    for (let tries = 0; tries < 10; tries += 1) {
      await send();
      const [row] = await all();
      if (!row?.nextAttemptAt) break;
      waits.push((row.nextAttemptAt.getTime() - told.clock.now().getTime()) / 1000);
      told.clock.set(new Date(row.nextAttemptAt.getTime() - 1));
      await send();
      told.clock.pass(1);
    }
    expect(waits).toEqual([30, 120, 600, 3600, 21_600]);
    expect(await all()).toMatchObject([{ status: "FAILED", attempts: 6, lastError: "It answered 500.", nextAttemptAt: null }]);
    expect(received.map(({ headers }) => headers["webhook-id"])).toEqual(Array(6).fill(id));
  });

  it("waits as long as the other side asks, gives a lasting refusal up at once, and begins anew by hand", async () => {
    let status = 429;
    const { url } = await listener((response) => response.writeHead(status, { "retry-after": "1000" }).end());
    await told.channels.create(admin, hook(url));
    const [id] = await tell();
    await send();
    const [row] = await all();
    expect(row?.nextAttemptAt?.getTime()).toBe(told.clock.now().getTime() + 1_000_000);
    if (!id) throw new Error("Nothing was put into the outbox");
    await expect(told.deliveries.retry(admin, id)).rejects.toMatchObject({ code: "CONFLICT" });
    status = 404;
    told.clock.pass(minutes(20));
    await send();
    expect(await states()).toMatchObject([
      { status: "FAILED", attempts: 2, lastError: expect.stringMatching(/^It answered 404\. Check the address/) },
    ]);
    status = 200;
    await expect(told.deliveries.retry(viewer, id)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await told.deliveries.retry(admin, id);
    await told.deliveries.idle();
    expect(await states()).toMatchObject([{ status: "SENT", attempts: 1, lastError: null }]);
  });

  it("lets a channel that never answers hold up nobody else", async () => {
    const stalled = await listener(() => {});
    const quick = await listener();
    await told.channels.create(admin, hook(stalled.url, { name: "Stalled" }));
    await told.channels.create(admin, hook(quick.url, { name: "Quick" }));
    for (const title of ["one failed", "one again", "two failed"]) {
      await tell(title.startsWith("one") ? "source:1" : "source:2", title);
      told.clock.pass(10);
    }
    await told.deliveries.wake();
    await quick.count(3);
    expect(quick.received.map(({ body }) => JSON.parse(body).data.title)).toEqual(["one failed", "one again", "two failed"]);
    await stalled.count(1);
    expect(await states()).toMatchObject(
      expect.arrayContaining([{ channelName: "Stalled", status: "QUEUED", attempts: 1, lastError: null }]),
    );
  });

  it("tells no end before its beginning: what is about the same thing waits for the one before it, and nothing else does", async () => {
    const { url, received } = await listener((response) => response.writeHead(received.length === 1 ? 500 : 200).end());
    await told.channels.create(admin, hook(url));
    for (const [subject, title] of [
      ["source:1", "one failed"],
      ["source:1", "one again"],
      ["source:2", "two failed"],
    ] as const) {
      await tell(subject, title);
      told.clock.pass(10);
    }
    await send();
    told.clock.pass(30_000);
    await send();
    expect(received.map(({ body }) => JSON.parse(body).data.title)).toEqual(["one failed", "two failed", "one failed", "one again"]);
  });

  it("lets go of what it is sending when the process ends, as if it had not been tried", async () => {
    const { url, count } = await listener(() => {});
    await told.channels.create(admin, hook(url, { name: "Stalled" }));
    await tell();
    const ending = told.worker();
    await ending.deliveries.wake();
    await count(1);
    await ending.deliveries.stop(0);
    expect(await all()).toMatchObject([{ status: "QUEUED", attempts: 0, nextAttemptAt: told.clock.now(), lastError: null }]);
  });

  it("sends one message once though several workers are at it, and again under the same id when one died while sending", async () => {
    const { url, mails } = await mailbox({ disabledCommands: ["STARTTLS", "AUTH"] });
    told.mailBy(url);
    told.set({ emailNotifications: true, notificationEmails: ["ada@example.com"] });
    const workers = [told, told.worker(), told.worker()];
    for (let each = 0; each < 5; each += 1) await tell(`source:${each}`);
    await Promise.all(workers.map(({ deliveries }) => deliveries.wake()));
    await Promise.all(workers.map(({ deliveries }) => deliveries.idle()));
    expect(mails.length).toBe(5);
    // Killed between the server's yes and the catalog's: what it had claimed is still claimed.
    const [first] = await all();
    await told.catalog.pool.query("UPDATE deliveries SET status = 'QUEUED', next_attempt_at = ? WHERE id = ?", [
      new Date(told.clock.now().getTime() + 120_000),
      first?.id,
    ]);
    await send();
    expect(mails.length).toBe(5);
    told.clock.pass(minutes(2));
    await send();
    expect(mails.length).toBe(6);
    const ids = mails.map(({ headers }) => headers.get("message-id"));
    expect(new Set(ids).size).toBe(5);
    expect(ids[5]).toBe(`<${first?.id}@example.com>`);
  });

  it("keeps what was to be sent when the process is killed before it could", async () => {
    const { url, received } = await listener();
    await told.channels.create(admin, hook(url, { events: ["BACKUP_FAILED", "RECOVERED"] }));
    const source = await addSourceRow(told.db, "Shop", told.clock.now());
    const storageId = newId<StorageId>();
    await insertStorage(told.db, {
      ...{
        id: storageId,
        name: "Disk",
        kind: "LOCAL",
        config: { directory: "/b" },
        isDefault: true,
        sizeCapBytes: null,
        createdAt: told.clock.now(),
      },
    });
    await told.alerts.begins();
    await addBackupRow(told.db, source.id, storageId, "FAILED", told.clock.now());
    const killed = told.worker();
    await killed.deliveries.stop();
    await killed.alerts.upkeep();
    expect([received.length, (await all()).length]).toEqual([0, 1]);
    await told.alerts.upkeep();
    await send();
    expect(received.map(({ body }) => JSON.parse(body).type)).toEqual(["BACKUP_FAILED"]);
  });

  it("goes to those who asked for the event and the source, and tells heartbeats of every end", async () => {
    const [failures, ends, other, beats] = [await listener(), await listener(), await listener(), await listener()];
    const source = await addSourceRow(told.db, "Shop", told.clock.now());
    const second = await addSourceRow(told.db, "Second", told.clock.now());
    const storageId = newId<StorageId>();
    await insertStorage(told.db, {
      ...{
        id: storageId,
        name: "Disk",
        kind: "LOCAL",
        config: { directory: "/b" },
        isDefault: true,
        sizeCapBytes: null,
        createdAt: told.clock.now(),
      },
    });
    await told.channels.create(admin, hook(failures.url, { events: ["BACKUP_FAILED"] }));
    await told.channels.create(admin, hook(ends.url, { events: ["RECOVERED", "VERIFICATION_FAILED", "SUCCEEDED"] }));
    await told.channels.create(admin, hook(other.url, { sourceIds: [second.id] }));
    await told.channels.create(admin, { name: "Beats", kind: "HEARTBEAT", secretUrl: `${beats.url}/ping`, sourceIds: [source.id] });
    await told.alerts.begins();
    for (const status of ["FAILED", "FAILED", "COMPLETED", "CANCELLED"] as const) {
      await addBackupRow(told.db, source.id, storageId, status, told.clock.now());
      await told.alerts.upkeep();
      await send();
      told.clock.pass(hours(1));
    }
    const types = (received: readonly { readonly body: string }[]) => received.map(({ body }) => JSON.parse(body).type);
    expect(types(failures.received)).toEqual(["BACKUP_FAILED"]);
    // It was never told that it failed, so it is not told that it works again.
    expect(types(ends.received)).toEqual(["SUCCEEDED"]);
    expect(other.received).toEqual([]);
    expect(beats.received.map(({ path }) => path)).toEqual(["/ping/fail", "/ping/fail", "/ping"]);
  });
});

describe("a channel", () => {
  it("is refused when it would post inward, and its test is refused when the allowance was taken back since", async () => {
    const { url, received } = await listener();
    told.set({ allowedEndpoints: [] });
    for (const request of [
      hook(url),
      { name: "S", kind: "SLACK", secretUrl: `${url}/x` },
      { name: "N", kind: "NTFY", url, topic: "t" },
    ] as const)
      await expect(told.channels.create(admin, request)).rejects.toMatchObject(refused);
    told.set({ allowedEndpoints: ["127.0.0.0/8"] });
    const { channel } = await told.channels.create(admin, hook(url));
    expect(await told.channels.test(admin, channel.id, null)).toEqual({ ok: true, message: "Sent. It should have arrived.", hint: null });
    told.set({ allowedEndpoints: [] });
    expect(await told.channels.test(admin, channel.id, null)).toMatchObject({
      ok: false,
      message: expect.stringMatching(/not a public address/),
    });
    expect(received.length).toBe(1);
  });

  it("keeps its secrets sealed and for the host that they were given for", async () => {
    const { url, received } = await listener();
    const { channel, signingKey } = await told.channels.create(admin, hook(url));
    expect(signingKey).toMatch(/^whsec_/);
    const stored = async () => JSON.stringify(await listChannels(told.db));
    expect(await stored()).not.toContain(signingKey ?? "");
    const renamed = await told.channels.update(admin, channel.id, { name: "Renamed", kind: "WEBHOOK", url: `${url}/other` });
    expect([renamed.signingKey, renamed.channel.name]).toEqual([null, "Renamed"]);
    const elsewhere = await listener();
    const moved = await told.channels.update(admin, channel.id, { name: "Renamed", kind: "WEBHOOK", url: elsewhere.url });
    expect(moved.signingKey).toMatch(/^whsec_/);
    expect(moved.signingKey).not.toBe(signingKey);
    const topic = await told.channels.create(admin, { name: "N", kind: "NTFY", url, topic: "t", token: "tk_secret" });
    await told.channels.test(admin, topic.channel.id, { name: "N", kind: "NTFY", url: elsewhere.url, topic: "t" });
    await told.channels.test(admin, topic.channel.id, { name: "N", kind: "NTFY", url, topic: "t" });
    expect([elsewhere.received.at(-1)?.headers.authorization, received.at(-1)?.headers.authorization]).toEqual([
      undefined,
      "Bearer tk_secret",
    ]);
    expect(await stored()).not.toContain("tk_secret");
  });

  it("is checked before it is stored, keeps its kind, and takes what waits for it along when it goes", async () => {
    const bad: readonly (readonly [ChannelRequest, RegExp])[] = [
      [{ name: "a\nb", kind: "EMAIL", addresses: ["a@b.example"] }, /name is one line/],
      [{ name: "mail", kind: "EMAIL", addresses: ["a@b.example"] }, /mail of the settings/],
      [{ name: "M", kind: "EMAIL", addresses: ["a@b.example\r\nBcc: c@d.example"] }, /is not a mail address/],
      [{ name: "M", kind: "EMAIL", addresses: [] }, /1 to 20 mail addresses/],
      [{ name: "T", kind: "TELEGRAM", token: "../../x", chatId: "1" }, /bot's token/],
      [{ name: "T", kind: "NTFY", topic: "a/b" }, /A topic has/],
      [{ name: "W", kind: "WEBHOOK", url: "https://example.com/", signingKey: "short" }, /signing key is/],
      [{ name: "W", kind: "WEBHOOK", url: "https://example.com/", events: [] }, /at least one event/],
      [{ name: "S", kind: "SLACK" }, /address that is posted to/],
    ];
    for (const [request, message] of bad) await expect(told.channels.create(admin, request)).rejects.toThrow(message);
    await expect(told.channels.create(viewer, hook("https://example.com/"))).rejects.toMatchObject({ code: "FORBIDDEN" });
    const { channel } = await told.channels.create(admin, hook("https://example.com/"));
    await expect(told.channels.update(admin, channel.id, { name: "X", kind: "EMAIL", addresses: ["a@b.example"] })).rejects.toThrow(
      /keeps its kind/,
    );
    const [id] = await tell();
    await told.channels.remove(admin, channel.id);
    expect(await states()).toMatchObject([{ status: "FAILED", lastError: "The channel was removed." }]);
    if (id) await expect(told.deliveries.retry(admin, id)).rejects.toMatchObject({ code: "CONFLICT" });
  });
});
