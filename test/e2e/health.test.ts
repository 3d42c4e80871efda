import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { browserProgram } from "../support/browser.ts";
import { backUp } from "../support/holdfast.ts";
import { startVisit, type Visit } from "../support/visit.ts";

// Of what takes as long as the machine is slow.
const patience = 60_000;
let visit: Visit;

beforeAll(async () => {
  if (browserProgram) visit = await startVisit();
});
afterEach(async ({ task }) => {
  for (const error of task.result?.errors ?? []) error.message += `\n${await visit.screen()}`;
});
afterAll(() => visit?.[Symbol.asyncDispose]());

const found = (severity: string, subject: string) =>
  visit.page.getByRole("list", { name: severity, exact: true }).getByRole("listitem").filter({ hasText: subject });

// Each step goes on where the last one ended, as a visit does.
describe.skipIf(!browserProgram)("the health of the whole in the browser", { timeout: 2 * patience }, () => {
  it("shows a storage that went away, leads to it, and lets it go when it is back", async () => {
    const { page, button, holdfast } = visit;
    const folder = join(holdfast.home, "backups");
    await page.goto("/health");
    await page.getByText(/things? (was|were) looked at/).waitFor();
    expect(await found("Wrong now", "Storage This machine").count()).toBe(0);
    await rename(folder, `${folder}.away`);
    await button("Look again").click();
    await found("Wrong now", "Storage This machine").waitFor();
    const rail = page.getByRole("navigation", { name: "Places" });
    await rail.getByRole("link", { name: /^Health \d+ things? needs? attention$/ }).waitFor();
    await rail.getByRole("link", { name: "Overview" }).click();
    await page
      .getByRole("main")
      .getByRole("link", { name: /^Wrong \d+ things? needs? attention$/ })
      .click();
    await page.getByRole("link", { name: "Open the storage: Storage This machine" }).click();
    await page.getByRole("heading", { name: "This machine" }).waitFor();
    await rename(`${folder}.away`, folder);
    await button("Check This machine now").click();
    await page
      .getByRole("status")
      .filter({ has: page.getByLabel("Works") })
      .waitFor();
    await page.getByText(/^In order, seen/).waitFor();
    await page.goto("/health");
    await button("Look again").click();
    await expect.poll(() => found("Wrong now", "Storage This machine").count(), { timeout: patience }).toBe(0);
  });

  it("asks for a recovery kit when something is encrypted, makes it after the password, and is content then", async () => {
    const { page, button, holdfast, sourceId } = visit;
    const kitMissing = found("Needs attention", "recovery kit");
    expect((await backUp(holdfast, { sourceId, type: "FULL", encrypt: true })).status).toBe("COMPLETED");
    await button("Look again").click();
    await kitMissing.waitFor();
    await page.goto("/settings#encryption");
    await page.getByText("No kit was made of the current key yet.").waitFor();
    await button("Make the recovery kit").click();
    const form = page.getByRole("form", { name: "Recovery kit" });
    await form.getByLabel("Your password").fill("not the password");
    await form.getByRole("button", { name: "Make the kit" }).click();
    await form.getByRole("alert").waitFor();
    await form.getByLabel("Your password").fill("a long enough password");
    await form.getByRole("button", { name: "Make the kit" }).click();
    const kitDialog = page.getByRole("dialog");
    const kit = page.frameLocator("iframe[title='The recovery kit']");
    await kit
      .getByText(/AGE-SECRET-KEY-1/)
      .first()
      .waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      kitDialog.getByRole("button", { name: "Save", exact: true }).click(),
    ]);
    // In groups of four letters, to be typed from paper.
    expect((await readFile(await download.path(), "utf8")).replaceAll(/<[^>]+>/g, "")).toContain("AGE-SECRET-KEY-1");
    await button("Done").click();
    await page.getByText(/^Made last just now/).waitFor();
    expect(await page.locator("body").innerHTML()).not.toContain("SECR");
    await page.goto("/health");
    await button("Look again").click();
    await expect.poll(() => kitMissing.count()).toBe(0);
  });

  it("says of an encrypted backup who can open it, and marks it in the list", async () => {
    const { page } = visit;
    await page.goto("/backups");
    await page
      .getByRole("row")
      .filter({ has: page.getByLabel("encrypted") })
      .getByRole("link")
      .first()
      .click();
    await page.getByText(/It opens with the server's key /).waitFor();
    await page.getByText(/^What you download stays encrypted/).waitFor();
    expect(visit.complaints.filter((text) => !/status of 4/.test(text))).toEqual([]);
  });
});
