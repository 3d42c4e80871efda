import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import mysql from "mysql2/promise";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createPictures } from "../../server/demo/pictures.ts";
import { createShop } from "../../server/demo/shop.ts";
import { browserProgram, noteProgress, openBrowser, openPage, tabTo } from "../support/browser.ts";
import { freePort } from "../support/free-port.ts";
import { heldUp } from "../support/held-up.ts";
import { type Holdfast, startHoldfast } from "../support/holdfast.ts";
import { leftovers, portrait } from "../support/nasty.ts";
import { freshDatabase, sharedConnection } from "../support/shared-server.ts";
import { readTree } from "../support/trees.ts";

const account = { email: "admin@example.org", password: "a long enough password" };
// Of what takes as long as the machine is slow.
const patience = 90_000;
// Together the 2,012 files that the sentences name.
const photos = 2000;
const pictures = 12;

let holdfast: Holdfast;
let shop: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
let media: string;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  if (!browserProgram) return;
  // A fixed port: an open page comes back to the address that it knows. No administrator: the first visitor becomes it.
  const env = { HOLDFAST_PORT: String(await freePort()), HOLDFAST_ADMIN_EMAIL: "", HOLDFAST_ADMIN_PASSWORD: "" };
  [holdfast, shop, folder, browser] = await Promise.all([
    startHoldfast({ env }),
    freshDatabase("shop"),
    mkdtemp(join(tmpdir(), "holdfast-e2e-")),
    openBrowser(),
  ]);
  media = join(folder, "media");
  await createShop(shop.sql, { scale: 0.05, now: new Date("2026-03-14T09:26:53Z") });
  await createPictures(join(media, "pictures"), { count: pictures });
  // Enough bytes, and of a kind that does not shrink, that a person can watch the bar and press Cancel.
  await mkdir(join(media, "photos"));
  for (let photo = 1; photo <= photos; photo++) await writeFile(join(media, "photos", `${photo}.jpg`), randomBytes(100_000));
  ({ page, complaints } = await openPage(browser, holdfast.url));
});
// What stood on the screen says why a step failed, and belongs where the failure is read.
afterEach(async ({ task }) => {
  for (const error of task.result?.errors ?? []) {
    const screen = `${page.url()}\n${await page.locator("body").ariaSnapshot()}`;
    error.message += `\n${screen}`;
    error.stack = `${error.stack}\n${screen}`;
  }
});
afterAll(async () => {
  await browser?.close();
  await holdfast?.[Symbol.asyncDispose]();
  await shop?.[Symbol.asyncDispose]();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const button = (name: string) => page.getByRole("button", { name, exact: true });
const place = (name: string) => page.getByRole("navigation", { name: "Places" }).getByRole("link", { name, exact: true });
const status = (text: RegExp) => page.getByRole("status").filter({ hasText: text });
const field = (name: string) => page.getByRole("textbox", { name, exact: true });
const dialog = () => page.getByRole("alertdialog");
const confirm = (name: string) => dialog().getByRole("button", { name, exact: true });
const menu = async (name: string, item: string) => {
  await button(name).click();
  await page.getByRole("menuitem", { name: item, exact: true }).click();
};

/** Every line of a bar that only ever went forward, in more steps than a jump from nothing to all. */
function expectSteady(shown: readonly number[]) {
  expect(shown).toEqual(shown.toSorted((a, b) => a - b));
  expect(shown.length).toBeGreaterThan(2);
}

// Each step goes on where the last one ended, as a visit does.
describe.skipIf(!browserProgram)("the dashboard in a browser", { timeout: 2 * patience }, () => {
  it("lets the first visitor in by the code in the server's log, and others by their password alone", async () => {
    await page.goto("/");
    const setUp = page.getByRole("form", { name: "Set up Holdfast" });
    await setUp.getByLabel("One-time code").fill("AAAA-AAAA");
    await setUp.getByLabel("Name").fill("Ada");
    await setUp.getByLabel("Email").fill(account.email);
    await setUp.getByLabel("Password").fill(account.password);
    await button("Make the account").click();
    expect(await page.getByRole("alert").textContent()).toContain("The set-up code is wrong.");
    await setUp.getByLabel("One-time code").fill(String(holdfast.lines.find((line) => line.code)?.code));
    await button("Make the account").click();
    await page.getByText("Nothing is protected yet.").waitFor();

    await menu("Account", "Sign out");
    await signIn("not the password");
    expect(await page.getByRole("alert").textContent()).toMatch(/password/i);
    // Both refusals are logged by the browser itself, as each answer that is not a success.
    expect(complaints.splice(0).map((line) => line.match(/status of \d+/)?.[0])).toEqual(["status of 403", "status of 401"]);
    await signIn(account.password);
    await page.getByText("Nothing is protected yet.").waitFor();
  });

  it("takes in a source, and says what is wrong with one before it is kept", async () => {
    const { socketPath, user, password } = sharedConnection("");
    await page.getByRole("link", { name: "Add a source" }).click();
    await field("Name").fill("Shop");
    await page.getByRole("switch", { name: "Database" }).setChecked(true);
    await page.getByRole("radio", { name: "Socket" }).click();
    await field("Socket").fill(socketPath ?? "");
    await field("Database").fill(`${shop.name}_of_yesterday`);
    await field("User").fill(user);
    await field("Password").fill(password);
    await button("Add folder").click();
    await page.getByLabel("Folder 1", { exact: true }).fill(media);
    await button("Check").click();
    await status(/There is no database .*_of_yesterday/).waitFor();
    await field("Database").fill(shop.name);
    await button("Check").click();
    await status(/Reached .*17 tables/).waitFor();
    await button("Add the source").click();
    await page.getByRole("heading", { name: "Shop" }).waitFor();
  });

  it("backs up, shows each step of it, and hands the backup out as a file that tar reads", async () => {
    await place("Overview").click();
    // The dump waits at this table until its page is open, so that the bar is certainly seen to move.
    const release = await heldUp(shop, "orders");
    await button("Back up Shop now").click();
    await page.getByRole("link", { name: /^Shop/ }).first().click();
    const watched = await noteProgress(page, "Progress");
    await page.getByRole("progressbar", { name: "Progress", exact: true }).waitFor();
    await release();
    await status(/Stored and checked: 17 tables, [\d,]+ rows, 2,012 files as .+ on .+\.$/).waitFor({ timeout: patience });
    expectSteady(await watched());
    await page.getByRole("table", { name: "Tables" }).getByText("order_items").waitFor();

    const [download] = await Promise.all([page.waitForEvent("download"), button("Download").click()]);
    const file = join(folder, download.suggestedFilename());
    await download.saveAs(file);
    const { stdout } = await promisify(execFile)("tar", ["-tf", file]);
    expect(
      stdout
        .split("\n")
        .filter(Boolean)
        .map((name) => name.split("/").at(-1))
        .sort(),
    ).toEqual(expect.arrayContaining(["database.sql.zst", "manifest.json", "media.tar.zst"]));
    await rm(file);

    // A browser asks for no more than the head of what it knows; the link itself would work for an hour.
    const works = async () => (await fetch(download.url(), { method: "HEAD" })).status;
    expect(await works()).toBe(200);
    await button("More actions").click();
    await page.getByRole("menuitem", { name: "End download links" }).click();
    await button("End them").click();
    await page.getByText("1 link to it ended.").waitFor();
    expect(await works()).toBe(404);
  });

  it("brings back what was lost, once its name is typed, and leads to the undo", async () => {
    const [before, tree] = [await portrait(shop.sql, shop.name), await readTree(media)];
    await shop.sql.query("SET foreign_key_checks = 0; DROP TABLE order_items; CREATE TABLE newer (id INT PRIMARY KEY)");
    await rm(join(media, "pictures"), { recursive: true });

    await page.getByRole("link", { name: "Restore this" }).click();
    await button("Next").click();
    await button("Show the plan").click();
    const plan = page.getByLabel("The plan");
    await plan.getByText("newer", { exact: true }).waitFor();
    expect(await button("Restore Shop").isDisabled()).toBe(true);
    await field("Type “Shop” to confirm").fill("Shop");
    const watched = await noteProgress(page, "Progress");
    await button("Restore Shop").click();
    await status(/Shop is untouched and still running\./).waitFor();
    await status(/Restored and checked: 17 tables, [\d,]+ rows, 2,012 files\./).waitFor({ timeout: patience });
    expectSteady(await watched());
    expect(await portrait(shop.sql, shop.name)).toEqual(before);
    expect(await readTree(media)).toEqual(tree);
    expect(await leftovers(shop.sql, page.url().split("/").at(-1) ?? "")).toEqual([]);

    await page.getByRole("link", { name: "Undo" }).click();
    // Back to the bad day: what the restore brought goes again.
    await plan.getByText("order_items", { exact: true }).waitFor();
    await page.getByRole("form", { name: "Confirm the restore" }).waitFor();
  });

  it("cancels a running backup and leaves nothing of it", async () => {
    await place("Backups").click();
    await page.getByRole("link", { name: "Back up now" }).click();
    await field("Name").fill("Not this one");
    // The dump waits at this table, so there certainly is something to cancel.
    const release = await heldUp(shop, "orders");
    await button("Back up now").click();
    await page.getByRole("progressbar", { name: "Progress", exact: true }).waitFor();
    await button("Cancel the backup").click();
    await confirm("Let it run").click();
    await button("Cancel the backup").click();
    await confirm("Cancel the backup").click();
    await status(/Cancelled\. Nothing of it is left on the storage\./).waitFor();
    await release();
    await menu("More actions", "Delete");
    await confirm("Delete").click();
    await page.waitForURL("**/backups");
    expect(await page.getByRole("link", { name: "Not this one" }).count()).toBe(0);
  });

  it("does not call a visitor back who searched and went on at once", async () => {
    const { page: own } = await openPage(browser, holdfast.url);
    await own.context().addCookies(await page.context().cookies());
    // The page that is gone to comes late, so that the search had time to be said.
    const { promise: late, resolve: come } = Promise.withResolvers<void>();
    await own.route(/NewBackup/, async (route) => {
      await late;
      await route.continue();
    });
    await own.clock.install();
    await own.goto("/backups");
    await own.getByRole("link", { name: "Back up now" }).waitFor();
    // No moment passes between the last letter and the click.
    await own.clock.pauseAt(Date.now() + 60_000);
    await own.getByRole("searchbox", { name: "Search by name" }).fill("Shop");
    await own.getByRole("link", { name: "Back up now" }).click();
    await own.clock.runFor(1000);
    come();
    await own.getByRole("heading", { level: 1, name: "Back up now" }).waitFor();
    expect(new URL(own.url()).search).toBe("");
    await own.context().close();
  });

  it("does not delete a pinned backup until it is unpinned", async () => {
    await page.getByRole("table").getByRole("link", { name: /^Shop/ }).last().click();
    await menu("More actions", "Pin: never expire");
    await menu("More actions", "Delete");
    await confirm("Delete").click();
    expect(await dialog().getByRole("alert").textContent()).toMatch(/pinned/);
    await confirm("Keep it").click();
    await menu("More actions", "Unpin");
    await menu("More actions", "Delete");
    await confirm("Delete").click();
    await page.waitForURL("**/backups");
    await page
      .getByRole("status")
      .filter({ hasText: /^1 backup$/ })
      .waitFor();
  });

  it("can be used without a mouse", async () => {
    const { page: own, complaints: ownComplaints } = await openPage(browser, holdfast.url);
    const keys = own.keyboard;
    await own.goto("/backups/new");
    await tabTo(own, own.getByLabel("Email"));
    await keys.type(account.email);
    await tabTo(own, own.getByLabel("Password"));
    await keys.type(account.password);
    await keys.press("Enter");
    await tabTo(own, own.getByRole("radio", { name: /Everything/ }));
    await keys.press("ArrowDown");
    await tabTo(own, own.getByLabel("Name"));
    await keys.type("By the keys");
    await tabTo(own, own.getByRole("form").getByRole("button", { name: "Back up now" }));
    await keys.press("Enter");
    await own
      .getByRole("status")
      .filter({ hasText: /^Stored and checked: 17 tables/ })
      .waitFor();
    await own.getByRole("heading", { name: "By the keys" }).waitFor();
    expect(ownComplaints).toEqual([]);
    await own.context().close();
  });

  it("says when what it shows is old, and comes back by itself", async () => {
    await place("Backups").click();
    await page.getByRole("link", { name: "By the keys" }).waitFor();
    expect(complaints.splice(0)).toEqual([]);
    await holdfast.kill();
    await status(/The connection to Holdfast is lost\. Last update at /).waitFor();
    // Changed where no event can tell of it: only a page that asks again will know.
    await changeCatalog("UPDATE backups SET name = 'Renamed meanwhile' WHERE name = 'By the keys'");
    await holdfast.restart();
    await status(/The connection to Holdfast is lost/).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Renamed meanwhile" }).waitFor();
    // While the server is away the browser logs each attempt.
    expect(complaints.splice(0).filter((line) => !/ERR_CONNECTION_REFUSED|WebSocket connection/.test(line))).toEqual([]);
  });

  it("opens each place without a complaint in the console", async () => {
    for (const name of ["Overview", "Backups", "Restore", "Schedules", "Sources", "Storages", "Statistics", "Activity", "Settings"]) {
      await place(name).click();
      await page.getByRole("heading", { level: 1, name }).waitFor();
      await page.reload();
      await page.getByRole("heading", { level: 1, name }).waitFor();
    }
    expect(complaints).toEqual([]);
  });

  it("offers nobody what their role may not do, and says why", async () => {
    await changeCatalog("UPDATE users SET role = 'VIEWER'");
    await page.goto("/");
    expect(await button("Prove Shop now").isDisabled()).toBe(true);
    expect(await button("Prove Shop now").getAttribute("title")).toBe("This needs the role operator; yours is viewer.");
    await place("Restore").click();
    await page.getByRole("list", { name: "Past restores" }).waitFor();
    expect(await page.getByRole("heading", { name: /From files/ }).count()).toBe(0);
    expect(await page.getByRole("alert").count()).toBe(0);
    await place("Settings").click();
    await page.getByRole("heading", { name: "System" }).waitFor();
    expect(await page.getByRole("heading", { name: "API tokens" }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

async function changeCatalog(statement: string) {
  const catalog = await mysql.createConnection(holdfast.env.HOLDFAST_DATABASE_URL ?? "");
  await catalog.query(statement);
  await catalog.end();
}

async function signIn(password: string) {
  const form = page.getByRole("form", { name: "Sign in" });
  await form.getByLabel("Email").fill(account.email);
  await form.getByLabel("Password").fill(password);
  await form.getByRole("button", { name: "Sign in" }).click();
}
