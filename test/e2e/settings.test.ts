import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { signatureOf } from "../../server/engine/notify/webhook.ts";
import { browserProgram } from "../support/browser.ts";
import { backUp } from "../support/holdfast.ts";
import { listener } from "../support/listener.ts";
import { mailbox, partOf } from "../support/mailbox.ts";
import { startVisit, type Visit } from "../support/visit.ts";

// Of what takes as long as the machine is slow.
const patience = 90_000;
let visit: Visit;

beforeAll(async () => {
  if (browserProgram) visit = await startVisit({ BACKUP_RETENTION_DAYS: "21" });
});
afterEach(async ({ task }) => {
  for (const error of task.result?.errors ?? []) error.message += `\n${await visit.screen()}`;
});
afterAll(() => visit?.[Symbol.asyncDispose]());

const form = (name: string) => visit.page.getByRole("form", { name, exact: true });
const list = (name: string) => visit.page.getByRole("list", { name, exact: true });
const dialogForm = (name: string) => visit.page.getByRole("dialog").getByRole("form", { name, exact: true });
const place = (name: string) => visit.page.getByRole("navigation", { name: "Places" }).getByRole("link", { name, exact: true });
const settings = async () =>
  (
    await visit.holdfast.graphql<{ settings: { retentionDays: number; allowedEndpoints: string[] } }>(
      "{ settings { retentionDays allowedEndpoints } }",
    )
  ).settings;

// Each step goes on where the last one ended, as a visit does.
describe.skipIf(!browserProgram)("settings, notifications and statistics in the browser", { timeout: 2 * patience }, () => {
  it("say where each value comes from, lose nothing that was typed, and go back to the default", async () => {
    const { page, button } = visit;
    await page.goto("/settings");
    const days = form("Retention").getByRole("spinbutton", { name: "Everything younger than" });
    await form("Retention").getByText("From BACKUP_RETENTION_DAYS, taken over on the first start").waitFor();
    expect(await days.inputValue()).toBe("21");
    await days.fill("14");
    await form("Retention").getByText("Keeps every backup of the last 14 days.").waitFor();
    await place("Overview").click();
    await button("Stay").click();
    expect([await days.inputValue(), (await settings()).retentionDays]).toEqual(["14", 21]);
    await form("Retention").getByRole("button", { name: "Save" }).click();
    await form("Retention").getByText("Set by admin@example.org").waitFor();
    expect((await settings()).retentionDays).toBe(14);
    await button("Reset Everything younger than to its default").click();
    await expect.poll(() => days.inputValue()).toBe("30");
    expect((await settings()).retentionDays).toBe(30);
  });

  it("send a test mail through the server that was given, and say why the first did not go out", async () => {
    const { page, button } = visit;
    const post = await mailbox({ hideSTARTTLS: true });
    const mails = form("Notifications");
    await mails.getByRole("switch", { name: "Mails", exact: true }).click();
    await mails.getByLabel("To", { exact: true }).fill("ops at example.org");
    await mails.getByText("ops at example.org is not a mail address.").waitFor();
    expect(await mails.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
    await mails.getByLabel("To", { exact: true }).fill("ops@example.org");
    await mails.getByLabel("Private addresses that may be reached").fill("127.0.0.1");
    await mails.getByRole("button", { name: "Save" }).click();
    await expect.poll(async () => (await settings()).allowedEndpoints).toEqual(["127.0.0.1"]);

    await button("Set the mail server").click();
    await dialogForm("Mail server").getByLabel("Host").fill("127.0.0.1");
    await dialogForm("Mail server").getByLabel("Port").fill("9");
    await dialogForm("Mail server").getByRole("button", { name: "Save the mail server" }).click();
    await page.getByText("127.0.0.1:9", { exact: true }).waitFor();
    await button("Send a test mail").click();
    await page
      .getByRole("status")
      .filter({ has: page.getByLabel("Does not work") })
      .waitFor();

    await button("Change the mail server").click();
    await dialogForm("Mail server").getByLabel("Host").fill("127.0.0.1");
    await dialogForm("Mail server").getByLabel("Port").fill(String(post.port));
    await dialogForm("Mail server").getByRole("button", { name: "Save the mail server" }).click();
    await page.getByText(`127.0.0.1:${post.port}`, { exact: true }).waitFor();
    await button("Send a test mail").click();
    await page
      .getByRole("status")
      .filter({ has: page.getByLabel("Works") })
      .waitFor();
    expect(post.mails.map(({ to }) => to)).toEqual([["ops@example.org"]]);
    expect(partOf(post.mails[0] ?? expect.fail(), "text/plain")).toMatch(/Notifications arrive here/);
    // The mailbox is gone after this: what fails later is told to the webhook alone.
    await mails.getByRole("switch", { name: "Mails", exact: true }).click();
    await mails.getByRole("button", { name: "Save" }).click();
    await page.getByRole("status").filter({ hasText: "Notifications: saved." }).first().waitFor();
  });

  it("tell a webhook what begins to be wrong and that it is right again, each time signed, and list what became of it", async () => {
    const { page, button, field, holdfast, sourceId, media } = visit;
    let gone = false;
    const hook = await listener((response) => response.writeHead(gone ? 404 : 200).end());
    await page.goto("/notifications/new");
    await page.getByLabel("Kind").selectOption("Webhook");
    await field("Name").fill("Pager");
    await field("Address").fill(`${hook.url}/pager`);
    await button("Send a test").click();
    await page
      .getByRole("status")
      .filter({ has: page.getByLabel("Works") })
      .waitFor();
    await button("Add the channel").click();
    const key = (await page.getByLabel("Signing key").locator("code").textContent()) ?? "";
    await page.getByRole("link", { name: "Done" }).click();
    await list("Channels").getByText("All that is wrong and its end, of all sources").waitFor();
    hook.received.length = 0;

    await page.goto("/");
    await page.getByRole("article", { name: "Shop" }).waitFor();
    await rename(media, `${media}.away`);
    expect((await backUp(holdfast, { sourceId, type: "FULL" })).status).toBe("FAILED");
    const wrong = page.getByRole("region", { name: "Wrong now" });
    await wrong.getByText(/^Shop: backup failed/).waitFor();
    await hook.count(1);
    const [told] = hook.received;
    expect(JSON.parse(told?.body ?? "")).toMatchObject({ type: "BACKUP_FAILED" });
    const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature } = told?.headers ?? {};
    expect(signature).toBe(signatureOf(key, String(id), String(at), told?.body ?? ""));

    gone = true;
    await rename(`${media}.away`, media);
    expect((await backUp(holdfast, { sourceId, type: "FULL" })).status).toBe("COMPLETED");
    await wrong.waitFor({ state: "detached" });
    await page.goto("/notifications");
    const [newest, before] = [list("Deliveries").getByRole("listitem").nth(0), list("Deliveries").getByRole("listitem").nth(1)];
    await newest.getByText("Failed", { exact: true }).waitFor();
    await newest.getByText(/^For Pager: right again, /).waitFor();
    await before.getByText("Sent", { exact: true }).waitFor();
    gone = false;
    await newest.getByRole("button", { name: /^Try to send/ }).click();
    await newest.getByText("Sent", { exact: true }).waitFor();
    expect(JSON.parse(hook.received.at(-1)?.body ?? "")).toMatchObject({ type: "RECOVERED" });
    await page.getByLabel("Outcome").selectOption("Failed");
    await page.getByText("Nothing like that was sent.").waitFor();
    // The answers of 404 are the webhook's, not the browser's.
    await list("Channels").getByRole("switch", { name: "Pager is active" }).click();
    await list("Channels").getByText("Switched off").waitFor();
  });

  it("count what really happened, in the charts and in the tables beside them", async () => {
    const { page } = visit;
    await page.goto("/statistics?days=7");
    await page.getByText(/^1 of 2 backups completed; 1 failed, the last on /).waitFor();
    await list("Sources against their targets")
      .getByText(/^The newest good backup is .* old, within its 26 hours\.$/)
      .waitFor();
    await page.getByRole("figure", { name: "Backups by day" }).locator('svg rect.lc-bar:not([height="0"])').first().waitFor();
    await page.getByRole("figure", { name: "Backups by day" }).getByText("The same as a table").click();
    const today = page.getByRole("region", { name: "Backups by day, as a table" }).getByRole("row").nth(1);
    expect(await today.getByRole("cell").allTextContents()).toEqual([expect.stringMatching(/^\d+ \w+$/), "1", "1", "0"]);
    await page.getByRole("combobox", { name: "Source" }).selectOption("Shop");
    await page.waitForURL("**/statistics?days=7&source=*");
    await place("Activity").click();
    await list("All operations")
      .getByRole("listitem")
      .filter({ hasText: "Backup of Shop" })
      .filter({ hasText: /Stored .* in / })
      .waitFor();
    await page
      .getByRole("radio", { name: "Audit log" })
      .or(page.getByRole("button", { name: "Audit log" }))
      .click();
    await list("Audit log")
      .getByText(/admin@example\.org made the channel Pager/)
      .waitFor();
  });

  it("go into a file without a secret and come back from it, the plan first", async () => {
    const { page, button, folder } = visit;
    await page.goto("/settings");
    await button("Export").click();
    await dialogForm("Export the configuration").getByText("With secrets, encrypted").click();
    await page.getByLabel("Passphrase", { exact: true }).fill("a long passphrase");
    await page.getByLabel("Passphrase again").fill("another passphrase");
    await page.getByText("The two are not the same.").waitFor();
    expect(await button("Download the file").isDisabled()).toBe(true);
    await dialogForm("Export the configuration").getByText("Without secrets").click();
    const [download] = await Promise.all([page.waitForEvent("download"), button("Download the file").click()]);
    const file = join(folder, "configuration.json");
    await download.saveAs(file);
    const content = await readFile(file, "utf8");
    expect(content).toContain('"Pager"');
    expect(content).not.toContain("whsec_");

    await writeFile(file, content.replaceAll('"Pager"', '"Night watch"'));
    await button("Import").click();
    await page.getByLabel("File", { exact: true }).setInputFiles(file);
    await button("Show what it would do").click();
    const plan = page.getByRole("region", { name: "What the import would do" });
    await plan
      .getByText(/Night watch/)
      .first()
      .waitFor();
    await plan.getByRole("heading", { name: "Left as it is" }).waitFor();
    await page.keyboard.press("Escape");
  });

  it("fit a phone, and nothing complains in the console", async () => {
    const { page, complaints } = visit;
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ["/", "/settings", "/notifications", "/notifications/new", "/statistics", "/activity", "/activity?list=audit"]) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await expect.poll(() => page.locator("[aria-busy=true]").count()).toBe(0);
      expect(await page.evaluate("document.documentElement.scrollWidth"), path).toBe(390);
    }
    expect(complaints).toEqual([]);
  });
});
