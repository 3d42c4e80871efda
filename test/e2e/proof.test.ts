import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { browserProgram, noteProgress } from "../support/browser.ts";
import { startVisit, type Visit } from "../support/visit.ts";

// Of what takes as long as the machine is slow.
const patience = 90_000;
let visit: Visit;

beforeAll(async () => {
  if (browserProgram) visit = await startVisit();
});
afterEach(async ({ task }) => {
  for (const error of task.result?.errors ?? []) error.message += `\n${await visit.screen()}`;
});
afterAll(() => visit?.[Symbol.asyncDispose]());

// Each step goes on where the last one ended, as a visit does.
describe.skipIf(!browserProgram)("a backup proves itself in the browser", { timeout: 2 * patience }, () => {
  it("says that a backup was never proven, and proves it by restoring it", async () => {
    const { page, button, status } = visit;
    await page.goto("/");
    await button("Back up Shop now").click();
    await button("Prove Shop now").waitFor({ timeout: patience });
    await page.getByRole("heading", { name: /^Shop can be restored to .*\. Never proven\.$/ }).waitFor();
    await page.getByRole("table", { name: "Latest backups" }).getByRole("link", { name: /^Shop/ }).click();
    await status(/^Never proven\./).waitFor();
    const watched = await noteProgress(page, "Progress");
    await button("Prove it by restoring").click();
    await status(/Restored and compared: 17 tables, [\d,]+ rows, 12 files, in /).waitFor({ timeout: patience });
    expect(await watched()).toEqual((await watched()).toSorted((a, b) => a - b));
    await page.getByText("Table by table").click();
    const tables = page.getByRole("table", { name: "Tables compared" });
    expect(await tables.getByRole("img", { name: "the same" }).count()).toBe(17);
  });

  it("shows the proof wherever the backup stands", async () => {
    const { page } = visit;
    await page.goto("/");
    await page.getByRole("heading", { name: /^Shop can be restored to .+, in .+\. Proven just now\.$/ }).waitFor();
    await page.getByRole("link", { name: /; proven just now$/ }).waitFor();
    await page.goto("/backups");
    await page.getByRole("row", { name: /Proven just now/ }).waitFor();
    await page.goto("/restore/new");
    await page.getByRole("list", { name: "Backups that can be restored" }).getByText("Proven just now").waitFor();
    expect(visit.complaints).toEqual([]);
  });

  it("proves a new backup in one go when that is asked for", async () => {
    const { page, field, button, status } = visit;
    await page.goto("/backups/new");
    await field("Name").fill("Proven at once");
    await page.getByRole("switch", { name: "And prove it by restoring" }).click();
    await button("Back up now").click();
    await page.getByRole("heading", { name: "Proven at once" }).waitFor();
    await status(/Restored and compared: 17 tables/).waitFor({ timeout: patience });
  });

  it("turns red by name when a stored byte was changed, and the overview says so first", async () => {
    const { page, button, status } = visit;
    const files = await readdir(join(visit.holdfast.home, "backups"), { recursive: true });
    const dumps = files.filter((name) => name.endsWith("database.sql.zst")).sort();
    const file = await open(join(visit.holdfast.home, "backups", dumps.at(-1) ?? ""), "r+");
    const { size } = await file.stat();
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, Math.floor(size / 2));
    await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, Math.floor(size / 2));
    await file.close();
    await button("Check the bytes").click();
    await status(/Not whole/).waitFor({ timeout: patience });
    expect(await page.getByRole("list", { name: "What is wrong" }).textContent()).toMatch(/database\.sql\.zst/);
    await page.goto("/");
    await page.getByRole("heading", { name: "The newest backup of Shop is not whole: its verification failed." }).waitFor();
    await page.getByRole("link", { name: "See what is wrong" }).click();
    await page.getByRole("heading", { name: "Proven at once" }).waitFor();
    expect(visit.complaints).toEqual([]);
  });
});
