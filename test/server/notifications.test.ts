import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command } from "../support/command.ts";
import { addSource, ask, backUp, type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { listener } from "../support/listener.ts";
import { mailbox, partOf } from "../support/mailbox.ts";
import { freshDatabase } from "../support/shared-server.ts";

interface Delivery {
  readonly id: string;
  readonly channelName: string;
  readonly event: string;
  readonly title: string;
  readonly status: string;
  readonly attempts: number;
  readonly lastError: string | null;
}
const fields = "id channelName event title status attempts lastError";
const channelFields = "id name kind target url hasSecret events sourceIds lastDelivery { status }";

let holdfast: Holdfast;
let shop: Awaited<ReturnType<typeof freshDatabase>>;
let sourceId: string;
beforeAll(async () => {
  shop = await freshDatabase("shop");
  await shop.sql.query("CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1), (2)");
  holdfast = await startHoldfast();
  sourceId = await addSource(holdfast, "Shop", shop.name);
});
afterAll(async () => {
  await holdfast?.[Symbol.asyncDispose]();
  await shop?.[Symbol.asyncDispose]();
});

const settings = (input: Record<string, unknown>) =>
  holdfast.graphql("mutation ($input: SettingsInput!) { updateSettings(input: $input) { mailServer } }", { input });
const create = (input: Record<string, unknown>) =>
  holdfast.graphql<{ createNotificationChannel: { channel: { id: string }; signingKey: string | null } }>(
    `mutation ($input: NotificationChannelInput!) { createNotificationChannel(input: $input) { signingKey channel { ${channelFields} } } }`,
    { input },
  );
const updateSource = (database: Record<string, unknown>) =>
  holdfast.graphql("mutation ($id: ID!, $input: SourceInput!) { updateSource(id: $id, input: $input) { id } }", {
    id: sourceId,
    input: { name: "Shop", mediaPaths: [], database },
  });
const breakSource = () => updateSource({ host: "127.0.0.1", port: 1, user: "root", password: "nothing-of-note", database: shop.name });
const failedSubject = "Shop: backup failed (the database cannot be reached: connection refused)";
const deliveries = async () =>
  (await holdfast.graphql<{ deliveries: { nodes: Delivery[] } }>(`{ deliveries(first: 100) { nodes { ${fields} } } }`)).deliveries.nodes;

describe("notifications", () => {
  it("of a real failure and recovery arrive while another channel never answers, and no backup waits for that", async () => {
    const [box, stalled, beats] = [await mailbox({ disabledCommands: ["STARTTLS", "AUTH"] }), await listener(() => {}), await listener()];
    await settings({
      allowedEndpoints: ["127.0.0.1"],
      smtpUrl: box.url,
      emailNotifications: true,
      notificationEmails: ["ada@example.com"],
    });
    const events = ["BACKUP_FAILED", "RECOVERED", "SUCCEEDED"];
    await create({ name: "Stalled", kind: "WEBHOOK", url: `${stalled.url}/hook`, events });
    await create({ name: "Beats", kind: "HEARTBEAT", secretUrl: `${beats.url}/ping/secret-word`, sourceIds: [sourceId] });
    const changes = holdfast.subscribe<{ deliveryChanged: Delivery }>(`subscription { deliveryChanged { ${fields} } }`);
    const seen: Delivery[] = [];
    const mailed = (async () => {
      for await (const { deliveryChanged } of changes) {
        seen.push(deliveryChanged);
        if (seen.filter(({ channelName, status }) => channelName === "Mail" && status === "SENT").length === 2) return;
      }
    })();

    await breakSource();
    expect((await backUp(holdfast, { type: "DATABASE", sourceId })).status).toBe("FAILED");
    await stalled.count(1);
    const { socketPath, user, password } = shop.connection;
    const database = { socketPath, user, password, database: shop.name };
    await updateSource(database);
    // The channel has not answered, nor will it.
    expect((await backUp(holdfast, { type: "DATABASE", sourceId })).status).toBe("COMPLETED");
    await mailed;
    expect(box.mails.map(({ headers }) => headers.get("subject"))).toEqual([
      failedSubject,
      expect.stringMatching(/^Shop: backups work again, after /),
    ]);
    const [first] = box.mails;
    if (first) expect(partOf(first, "text/plain")).toMatch(new RegExp(`${holdfast.url}/backups/[0-9a-f-]{36}`));
    await beats.count(4);
    expect(beats.received.map(({ path }) => path.replace("/ping/secret-word", ""))).toEqual(["/start", "/fail", "/start", ""]);
    expect(await deliveries()).toEqual(
      expect.arrayContaining([expect.objectContaining({ channelName: "Stalled", event: "BACKUP_FAILED", status: "QUEUED" })]),
    );
    const { notificationChannels } = await holdfast.graphql<{ notificationChannels: unknown[] }>(
      `{ notificationChannels { ${channelFields} } }`,
    );
    expect(notificationChannels).toMatchObject([
      { name: "Beats", hasSecret: true, url: null, events: [] },
      { name: "Stalled", hasSecret: true, events },
    ]);
    expect(JSON.stringify([notificationChannels, await deliveries(), holdfast.lines])).not.toMatch(/secret-word|whsec_/);
  });

  it("that were being sent when the process was killed are sent again under the same id", async () => {
    let answers = false;
    const hook = await listener((response) => answers && response.end());
    await create({ name: "Killed", kind: "WEBHOOK", url: hook.url, events: ["SUCCEEDED"], sourceIds: [sourceId] });
    expect((await backUp(holdfast, { type: "DATABASE", sourceId })).status).toBe("COMPLETED");
    await hook.count(1);
    await holdfast.kill();
    answers = true;
    // Instead of waiting until the claim of the dead process has run out.
    await shop.sql.query(
      `UPDATE ${new URL(holdfast.env.HOLDFAST_DATABASE_URL ?? "").pathname.slice(1)}.deliveries SET next_attempt_at = utc_timestamp(3) WHERE status = 'QUEUED'`,
    );
    await holdfast.restart();
    await hook.count(2);
    expect(hook.received.map(({ headers }) => headers["webhook-id"])).toEqual(Array(2).fill(hook.received[0]?.headers["webhook-id"]));
    await expect
      .poll(async () => (await deliveries()).find(({ channelName }) => channelName === "Killed"))
      .toMatchObject({ status: "SENT", attempts: 2 });
    expect(hook.received.length).toBe(2);
  });

  it("are configured by administrators alone, seen by viewers, and tested with a button", async () => {
    const { createApiToken } = await holdfast.graphql<{ createApiToken: { secret: string } }>(
      'mutation { createApiToken(input: { name: "looks", role: VIEWER }) { secret } }',
    );
    const viewer = { authorization: `Bearer ${createApiToken.secret}` };
    await ask(holdfast.url, viewer, `{ notificationChannels { ${channelFields} } deliveries { totalCount } alerts { title } }`);
    await expect(ask(holdfast.url, viewer, "mutation { testEmail { ok } }")).rejects.toThrow(/^FORBIDDEN/);
    await expect(create({ name: "In", kind: "SLACK", secretUrl: "http://169.254.169.254/latest" })).rejects.toThrow(
      /^BAD_USER_INPUT: 169\.254\.169\.254 is not a public address/,
    );
    const gone = { name: "Gone", kind: "SLACK", secretUrl: "http://127.0.0.1:1/x" };
    const { testNotificationChannel } = await holdfast.graphql<{ testNotificationChannel: unknown }>(
      "mutation ($input: NotificationChannelInput!) { testNotificationChannel(input: $input) { ok message hint } }",
      { input: gone },
    );
    expect(testNotificationChannel).toEqual({
      ok: false,
      message: "It could not be reached: connection refused.",
      hint: "Check the address, and that this machine may connect to it.",
    });
    const box = await mailbox({ disabledCommands: ["STARTTLS", "AUTH"] });
    await settings({ smtpUrl: box.url });
    expect(await holdfast.graphql("mutation { testEmail { ok message } }")).toEqual({
      testEmail: { ok: true, message: "Sent. It should have arrived." },
    });
    expect(box.mails[0]?.headers.get("subject")).toBe("Holdfast: this is a test");
  });

  it("of a backup on the command line are sent by the command itself when no server is up", async () => {
    const box = await mailbox({ disabledCommands: ["STARTTLS", "AUTH"] });
    await settings({ smtpUrl: box.url });
    await breakSource();
    await holdfast.kill("SIGTERM");
    const { code } = await command(holdfast.env, ["create-backup", "--type", "database"]);
    expect(code).toBe(1);
    expect(box.mails.map(({ headers }) => headers.get("subject"))).toEqual([failedSubject]);
  });
});
