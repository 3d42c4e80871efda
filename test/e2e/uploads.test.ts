import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, open, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RowDataPacket } from "mysql2/promise";
import type { Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { browserProgram } from "../support/browser.ts";
import { readTree } from "../support/trees.ts";
import { startVisit, type Visit } from "../support/visit.ts";

const run = promisify(execFile);
// Of what takes as long as the machine is slow.
const patience = 120_000;
const megabyte = 1_000_000;
let visit: Visit;
let archive: string;

beforeAll(async () => {
  if (!browserProgram) return;
  visit = await startVisit();
  archive = await archiveOf("media", 1000);
});
afterEach(async ({ task }) => {
  for (const error of task.result?.errors ?? []) error.message += `\n${await visit.screen()}`;
});
afterAll(() => visit?.[Symbol.asyncDispose]());

/** Media of so many megabytes that no compression makes smaller, as one tar of files of 50 MB. */
async function archiveOf(name: string, megabytes: number): Promise<string> {
  const folder = join(visit.folder, "brought", name, "media");
  await mkdir(join(folder, "films"), { recursive: true });
  const block = randomBytes(megabyte);
  for (let film = 0; film < megabytes / 50; film++) {
    const file = await open(join(folder, "films", `${film}.mp4`), "w");
    for (let written = 0; written < 50; written++) await file.write(block);
    await file.close();
  }
  const made = join(visit.folder, `${name}.tar`);
  await run("tar", ["-cf", made, "-C", join(visit.folder, "brought", name), "media"]);
  return made;
}

const uploads = () => visit.page.getByRole("list", { name: "Uploaded files" });
const card = (filename: string) => uploads().getByRole("listitem", { name: filename, exact: true });
const received = (bar: Locator) => bar.getAttribute("aria-valuenow").then(Number);
const choose = (label: string, file: string) => visit.page.getByLabel(label, { exact: true }).setInputFiles(file);
/** Waits until the bar shows at least so many percent. */
const past = async (bar: Locator, percent: number) => {
  await bar.waitFor();
  await expect.poll(() => received(bar), { timeout: patience, interval: 50 }).toBeGreaterThanOrEqual(percent);
};

// Each step goes on where the last one ended, as a visit does.
describe.skipIf(!browserProgram)("files of one's own in the browser", { timeout: 3 * patience }, () => {
  it("sends a gigabyte through a server that goes away in the middle, from where it was", async () => {
    const { page, holdfast } = visit;
    await page.goto("/restore");
    await choose("Files to upload", archive);
    const bar = page.getByRole("progressbar", { name: "Upload of media.tar" });
    await past(bar, 20);
    await holdfast.kill();
    await card("media.tar").getByText("The connection is lost; it goes on by itself").waitFor();
    const before = await received(bar);
    await holdfast.restart();
    await past(bar, before + 1);
    await card("media.tar")
      .getByText(/tar archive/)
      .waitFor({ timeout: patience });
    await card("media.tar")
      .getByText(/Holds [\d,]+ files/)
      .waitFor({ timeout: patience });
    // While the server was away the browser logged each attempt.
    expect(visit.complaints.splice(0).filter((line) => !/net::ERR_|WebSocket connection/.test(line))).toEqual([]);
  });

  it("pauses, and goes on after the page was loaded anew once the same file is chosen again", async () => {
    const { page } = visit;
    const file = await archiveOf("again", 200);
    await choose("Files to upload", file);
    const bar = page.getByRole("progressbar", { name: "Upload of again.tar" });
    await past(bar, 5);
    await card("again.tar").getByRole("button", { name: "Pause" }).click();
    await card("again.tar").getByText("Paused").waitFor();
    await page.reload();
    const arrived = page.getByRole("progressbar", { name: "Received of again.tar" });
    await past(arrived, 1);
    const other = join(visit.folder, "other.tar");
    await writeFile(other, "not that file");
    await choose("The file of again.tar", other);
    await page.getByRole("alert").filter({ hasText: "is not the file that this upload began with" }).waitFor();
    await choose("The file of again.tar", file);
    await card("again.tar")
      .getByText(/Holds [\d,]+ files/)
      .waitFor({ timeout: patience });
    await card("again.tar").getByRole("button", { name: "Delete again.tar" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await card("again.tar").waitFor({ state: "detached" });
    expect(visit.complaints).toEqual([]);
  });

  it("says what is hostile in a dump by its line, and offers no restore of it", async () => {
    const dump = join(visit.folder, "hostile.sql");
    await writeFile(dump, "CREATE TABLE a (id INT);\n\\! touch /tmp/holdfast-was-here\n");
    await choose("Files to upload", dump);
    await card("hostile.sql")
      .getByText(/^Line 2: .+ is a command for the client program/)
      .waitFor({ timeout: patience });
    expect(await card("hostile.sql").getByRole("link", { name: "Restore hostile.sql" }).count()).toBe(0);
    await expect(stat("/tmp/holdfast-was-here")).rejects.toThrow("ENOENT");
    expect(visit.complaints).toEqual([]);
  });

  it("restores the archive into the media folder, and leaves the rest as it is", async () => {
    const { page, media, button, field, status, holdfast } = visit;
    const before = await readTree(media);
    await card("media.tar").getByRole("link", { name: "Restore media.tar" }).click();
    await page.getByRole("radio", { name: /The backup wins, the rest stays/ }).check();
    await button("Next").click();
    await page.getByRole("switch", { name: "Back the target up first" }).click();
    await button("Show the plan").click();
    await page
      .getByLabel("The plan")
      .getByText(/that come again/)
      .waitFor();
    await field("Type “Shop” to confirm").fill("Shop");
    await button("Restore Shop").click();
    await status(/Restored and checked: .*files/).waitFor({ timeout: patience });
    const after = await readTree(media);
    const kept = Object.keys(before).filter((path) => before[path]?.kind === "file");
    expect(kept.map((path) => after[path]?.is)).toEqual(kept.map((path) => before[path]?.is));
    expect(Object.keys(after).filter((path) => path.endsWith(".mp4")).length).toBe(20);
    expect(holdfast.lines.filter(({ level }) => level === "error")).toEqual([]);
    expect(visit.complaints).toEqual([]);
  });

  it("restores a dump of another server into a database of its own, with the rewrite that was asked for", async () => {
    const { page, shop, button, field, status } = visit;
    const { socketPath, user, password } = shop.connection;
    const { stdout } = await run("mariadb-dump", [`--socket=${socketPath}`, `--user=${user}`, "--routines", "--triggers", shop.name], {
      env: { ...process.env, MYSQL_PWD: password },
      maxBuffer: 100 * megabyte,
      // Byte for byte: keys in it are no text.
      encoding: "latin1",
    });
    const dump = join(visit.folder, "from-elsewhere.sql");
    await writeFile(dump, stdout.replaceAll(/DEFINER=`[^`]*`@`[^`]*`/g, "DEFINER=`somebody`@`elsewhere`"), "latin1");
    await page.goto("/restore");
    await choose("Files to upload", dump);
    await card("from-elsewhere.sql").getByText("Look at this first").waitFor({ timeout: patience });
    await card("from-elsewhere.sql").getByRole("link", { name: "Restore from-elsewhere.sql" }).click();
    await page.getByRole("switch", { name: "Run definitions as whoever restores them" }).click();
    await button("Next").click();
    await page.getByRole("radio", { name: /Another database/ }).check();
    const copy = `${shop.name}_elsewhere`;
    await field("Name of the other database").fill(copy);
    await button("Show the plan").click();
    await button(copy.length > 24 ? "Restore now" : `Restore ${copy}`).click();
    await status(/Restored and checked: 17 tables/).waitFor({ timeout: patience });
    const [views] = await shop.sql.query<RowDataPacket[]>("SELECT DISTINCT definer FROM information_schema.views WHERE table_schema = ?", [
      copy,
    ]);
    expect(views.map((view) => String(view.definer ?? view.DEFINER))).not.toContain("somebody@elsewhere");
    expect(views.length).toBe(1);
    await shop.sql.query(`DROP DATABASE \`${copy}\``);
    expect(visit.complaints).toEqual([]);
  });
});
