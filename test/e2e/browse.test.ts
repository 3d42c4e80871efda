import { execFileSync } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { browserProgram } from "../support/browser.ts";
import { backUp } from "../support/holdfast.ts";
import { portrait } from "../support/nasty.ts";
import { readTree } from "../support/trees.ts";
import { startVisit, type Visit } from "../support/visit.ts";

// Of what takes as long as the machine is slow.
const patience = 90_000;
let visit: Visit;
let backupId: string;
let handedOut: string;

beforeAll(async () => {
  if (!browserProgram) return;
  visit = await startVisit();
  ({ id: backupId } = await backUp(visit.holdfast, { type: "FULL", sourceId: visit.sourceId }));
});
afterEach(async ({ task }) => {
  for (const error of task.result?.errors ?? []) error.message += `\n${await visit.screen()}`;
});
afterAll(() => visit?.[Symbol.asyncDispose]());

// Each step goes on where the last one ended, as a visit does.
describe.skipIf(!browserProgram)("a backup that is browsed", { timeout: 2 * patience }, () => {
  it("shows its tables, finds one by a part of its name, and ticks it by the keys", async () => {
    const { page, status } = visit;
    await page.goto(`/backups/${backupId}`);
    await page.getByRole("link", { name: "Browse" }).click();
    const tables = page.getByRole("table", { name: "Tables" });
    await tables.getByText("orders", { exact: true }).waitFor();
    await page.getByRole("searchbox", { name: "Find a table" }).fill("ORDER_I");
    await status(/^1 of 17 tables$/).waitFor();
    await tables.getByRole("checkbox", { name: "order_items" }).focus();
    await page.keyboard.press("Space");
    await status(/^1 table ticked$/).waitFor();
  });

  it("goes through its folders by the keys, finds a file anywhere, and hands one out as it was", async () => {
    const { page, media, folder } = visit;
    await page.getByRole("radio", { name: "12 files" }).click();
    await page.getByRole("button", { name: "media", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("checkbox", { name: "media/pictures", exact: true }).waitFor();

    const tree = await readTree(media);
    const path = Object.keys(tree).find((entry) => tree[entry]?.kind === "file") ?? "";
    const name = basename(path);
    await page.getByRole("searchbox", { name: "Find a file" }).fill(name.slice(1, -1).toUpperCase());
    await page.getByRole("checkbox", { name: `media/${path}`, exact: true }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page
        .getByRole("button", { name: `Download ${name}` })
        .first()
        .click(),
    ]);
    expect(download.suggestedFilename()).toBe(name);
    await download.saveAs(join(folder, "taken-out"));
    expect(await readFile(join(folder, "taken-out"))).toEqual(await readFile(join(media, path)));
  });

  it("hands a folder out as one archive of the kind that is chosen by the keys, and a folder of the list as a zip", async () => {
    const { page, media, folder } = visit;
    await page.goto(`/backups/${backupId}/browse?view=files&folder=media/pictures`);
    const taken = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download this folder" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: /As \.zip/ }).waitFor();
    await page.getByRole("menuitem", { name: /As \.tar/ }).press("Enter");
    const tar = join(folder, "taken-out.tar");
    const download = await taken;
    expect(download.suggestedFilename()).toMatch(/-pictures\.tar$/);
    handedOut = download.url();
    await download.saveAs(tar);
    await mkdir(join(folder, "taken"));
    execFileSync("tar", ["-xpf", tar, "-C", join(folder, "taken")]);
    const contents = async (root: string) => Object.entries(await readTree(root)).map(([path, { kind, is }]) => [path, kind, is]);
    expect(await contents(join(folder, "taken/media/pictures"))).toEqual(await contents(join(media, "pictures")));

    await page.getByRole("navigation", { name: "Folder" }).getByRole("button", { name: "media" }).click();
    const zipped = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download pictures as .zip" }).click();
    expect((await zipped).suggestedFilename()).toMatch(/-pictures\.zip$/);
  });

  it("lists the links that were made to it, and ends the one that is chosen by the keys", async () => {
    const { page } = visit;
    await page.goto(`/backups/${backupId}`);
    const links = page.getByRole("list", { name: "Download links" });
    const link = links.getByRole("listitem").filter({ hasText: "media/pictures as .tar" });
    await link.getByText(/made by admin@example\.org, used once, ends in/).waitFor();
    await page.getByRole("button", { name: "End the link to media/pictures as .tar" }).focus();
    await page.keyboard.press("Enter");
    // It takes the focus to itself once it is there.
    await page.locator("[role=alertdialog]:focus-within").waitFor();
    await page.getByRole("button", { name: "End it" }).press("Enter");
    await link.waitFor({ state: "detached" });
    expect((await fetch(handedOut)).status).toBe(404);
    await links.getByText("media/pictures as .zip").waitFor();
  });

  it("looks through a backup that holds only what is new as through any other", async () => {
    const { page, sourceId, holdfast } = visit;
    const { id } = await backUp(holdfast, { type: "MEDIA", sourceId, mediaMode: "INCREMENTAL" });
    await page.goto(`/backups/${id}/browse`);
    await page.getByRole("button", { name: "media", exact: true }).click();
    await page.getByRole("checkbox", { name: "media/pictures", exact: true }).waitFor();
  });

  it("restores only the ticked table and folder, and leaves all else as it is", async () => {
    const { page, shop, media, button, field, status } = visit;
    const [before, tree] = [await portrait(shop.sql, shop.name), await readTree(media)];
    await shop.sql.query("SET foreign_key_checks = 0; TRUNCATE order_items; CREATE TABLE newer (id INT PRIMARY KEY)");
    await rm(join(media, "pictures"), { recursive: true });
    await writeFile(join(media, "newer.txt"), "made after the backup");

    await page.goto(`/backups/${backupId}/browse?view=files&folder=media`);
    await page.getByRole("checkbox", { name: "media/pictures" }).check();
    await status(/^1 table and 1 file or folder ticked$/).waitFor();
    await page.getByRole("link", { name: "Restore the ticked" }).click();
    await page.getByRole("list", { name: "Ticked" }).getByText("order_items").waitFor();
    await button("Next").click();
    await button("Show the plan").click();
    await page.getByLabel("The plan").getByText("order_items", { exact: true }).waitFor({ state: "attached" });
    await field("Type “Shop” to confirm").fill("Shop");
    await button("Restore Shop").click();
    await status(/Restored and checked: 1 table, /).waitFor({ timeout: patience });
    await page.getByRole("list", { name: "Ticked" }).getByText("media/pictures").waitFor();

    await shop.sql.query("DROP TABLE newer");
    expect(await portrait(shop.sql, shop.name)).toEqual(before);
    expect(await readFile(join(media, "newer.txt"), "utf8")).toBe("made after the backup");
    await rm(join(media, "newer.txt"));
    expect(Object.keys(await readTree(media))).toEqual(Object.keys(tree));
    expect(visit.complaints).toEqual([]);
  });

  it("restores into another database beside the present one, which nothing is lost from", async () => {
    const { page, shop, button, field, status } = visit;
    const copy = `${shop.name}_copy`;
    await page.goto(`/restore/new?backup=${backupId}`);
    await page.getByRole("radio", { name: /Only the database/ }).check();
    await button("Next").click();
    await page.getByRole("radio", { name: /Another database/ }).check();
    await field("Name of the other database").fill(copy);
    await button("Show the plan").click();
    await page.getByText(`in the new database ${copy}`).waitFor();
    await button(copy.length > 24 ? "Restore now" : `Restore ${copy}`).click();
    await status(/Restored and checked: 17 tables/).waitFor({ timeout: patience });
    const [tables] = await shop.sql.query<RowDataPacket[]>("SELECT 1 FROM information_schema.tables WHERE table_schema = ?", [copy]);
    expect(tables.length).toBeGreaterThanOrEqual(17);
    await shop.sql.query(`DROP DATABASE \`${copy}\``);
    expect(visit.complaints).toEqual([]);
  });

  it("says so where a page cannot be fetched any more", async () => {
    const { page } = visit;
    await page.route("**/assets/Statistics*", (route) => route.abort());
    await page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: "Statistics" }).click();
    await page.getByText(/^That page could not be loaded/).waitFor();
  });
});
