import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { browserProgram, tabTo } from "../support/browser.ts";
import { addSource } from "../support/holdfast.ts";
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

const word = (name: string) => visit.page.getByRole("combobox", { name, exact: true });
const runs = () => visit.page.getByRole("table", { name: "Runs" });
const rowOf = (name: string) => visit.page.getByRole("list", { name: "Schedules" }).getByRole("listitem").filter({ hasText: name });

// Each step goes on where the last one ended, as a visit does.
describe.skipIf(!browserProgram)("schedules in the browser", { timeout: 2 * patience }, () => {
  it("are made by the keys alone, in a sentence that says when it would run", async () => {
    const { page, button, field } = visit;
    await page.goto("/schedules");
    await page.getByText("Nothing happens by itself yet.").waitFor();
    await tabTo(page, page.getByRole("link", { name: "Make a schedule" }));
    await page.keyboard.press("Enter");
    await tabTo(page, word("How often"));
    await page.keyboard.press("ArrowDown");
    await tabTo(page, word("Day of the week"));
    await page.keyboard.press("End");
    await tabTo(page, field("Time"));
    await page.keyboard.type("430");
    await tabTo(page, word("Time zone"));
    await page.keyboard.type("tokyo");
    await page.getByRole("option", { name: "Asia/Tokyo" }).waitFor();
    await page.keyboard.press("Enter");
    const next = page.getByRole("list", { name: "Next runs" }).getByRole("listitem");
    await page.getByText("Every Sunday at 04:30 (Asia/Tokyo).").waitFor();
    await expect
      .poll(() => next.allTextContents())
      .toSatisfy((times: string[]) => times.length === 5 && times.every((at) => at.startsWith("04:30")));
    await tabTo(page, field("Name"));
    await page.keyboard.type("Sunday morning");
    await tabTo(page, page.getByRole("radio", { name: /^Read back/ }));
    await page.keyboard.press("ArrowUp");
    await tabTo(page, button("Make the schedule"));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Sunday morning" }).waitFor();
    await page.getByText("Backs up everything of Shop, every Sunday at 04:30 (Asia/Tokyo).").waitFor();
  });

  it("tell at the field what is wrong, and lose nothing of what was typed", async () => {
    const { page, button, field } = visit;
    await page.goto("/schedules/new");
    await word("How often").selectOption("by a cron line");
    await field("Cron line").fill("0 3 31 2 *");
    await field("Name").fill("Never due");
    await page.getByRole("alert").getByText("One thing needs another look.").waitFor();
    await expect.poll(() => field("Cron line").getAttribute("aria-invalid")).toBe("true");
    await field("Cron line").fill("*/15 9-17 * * 1-5");
    await page.getByRole("alert").waitFor({ state: "detached" });
    await field("Name").fill("Sunday morning");
    await button("Make the schedule").click();
    await page
      .getByRole("alert")
      .getByText(/Sunday morning/)
      .waitFor();
    expect([await field("Cron line").inputValue(), await field("Name").inputValue()]).toEqual(["*/15 9-17 * * 1-5", "Sunday morning"]);
  });

  it("run now, and the page sees them end", async () => {
    const { page, button } = visit;
    await page.goto("/schedules");
    await rowOf("Sunday morning").getByText("No run yet").waitFor();
    await rowOf("Sunday morning").getByRole("button", { name: "Run Sunday morning now" }).click();
    await rowOf("Sunday morning").getByText("Good").waitFor({ timeout: patience });
    await page.getByRole("link", { name: "Sunday morning", exact: true }).click();
    await runs()
      .getByRole("row", { name: /Done .*by hand.* MB/ })
      .waitFor();
    for (const count of [2, 3]) {
      await button("Run now").click();
      await expect
        .poll(
          () =>
            runs()
              .getByRole("row", { name: /Done .*by hand/ })
              .count(),
          { timeout: patience },
        )
        .toBe(count);
    }
    const strip = page.getByRole("list", { name: "The last 3 runs of Sunday morning, oldest first" });
    await strip.getByRole("link").last().focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Sunday morning" }).waitFor();
    expect(visit.complaints).toEqual([]);
  });

  it("rest while they are paused, and go on when they are resumed", async () => {
    const { page } = visit;
    await page.goto("/schedules");
    await rowOf("Sunday morning").getByRole("button", { name: "Pause Sunday morning" }).click();
    await rowOf("Sunday morning").getByRole("button", { name: "Resume Sunday morning" }).waitFor();
    await page.goto("/");
    await page.getByText("Its schedule is paused, so nothing backs it up by itself.").waitFor();
    await page.getByRole("link", { name: "See it" }).click();
    await page.getByText("None while it is paused.").waitFor();
    await visit.button("Resume").click();
    await page.getByRole("list", { name: "Next runs" }).getByRole("listitem").first().waitFor();
  });

  it("show beforehand exactly what the cleanup then deletes", async () => {
    const { page, button } = visit;
    await button("More actions").click();
    await page.getByRole("menuitem", { name: "Edit" }).click();
    await page.getByRole("radio", { name: /^By limits of its own/ }).check();
    await page.getByRole("checkbox", { name: "every backup of the last" }).uncheck();
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page.getByRole("checkbox", { name: "the newest" }).check();
    await page.getByRole("spinbutton", { name: "the newest, how many backups" }).fill("1");
    const foreseen = await page.getByText(/^1 stays, 2 go and free .+\.$/).textContent();
    await button("Save").click();
    await page.getByText("Keeps the newest 1 backup.").waitFor();
    await page.goto("/cleanup");
    await visit.status(/^1 stays, 2 go/).waitFor();
    expect(await visit.status(/^1 stays, 2 go/).textContent()).toBe(foreseen);
    const freed = /free (.+)\.$/.exec(foreseen ?? "")?.[1];
    await button("Clean up now").click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete 2 backups" }).click();
    await visit.status(new RegExp(`Deleted 2 backups, freed ${freed}\\.`)).waitFor({ timeout: patience });
    await visit.status(/^The one backup stays\.$/).waitFor();
    await page
      .getByRole("list", { name: "Past cleanups" })
      .getByRole("link", { name: `Deleted 2 backups, freed ${freed}, 1 backup kept.` })
      .click();
    const deleted = page.getByRole("list", { name: "Deleted" }).getByRole("listitem");
    await deleted.last().waitFor();
    expect(await deleted.count()).toBe(2);
    expect(visit.complaints).toEqual([]);
  });

  it("fit on a phone, and leave the server in peace while nothing happens", async () => {
    const { page, button } = visit;
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ["/", "/schedules", "/schedules/new", "/cleanup", "/backups"]) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      // Once all is there nothing more is asked: the rest comes over the socket.
      await page.waitForLoadState("networkidle");
      expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth"), path).toBe(0);
    }
    await button("More").click();
    await page.getByRole("menuitem", { name: "Storages" }).click();
    await page.getByRole("heading", { name: "Storages" }).waitFor();
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it("are deleted after one breath, and their backups stay", async () => {
    const { page } = visit;
    await page.goto("/schedules");
    await visit.button("More actions for Sunday morning").click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page
      .getByRole("alertdialog")
      .getByText(/The backups that it made stay/)
      .waitFor();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("Nothing happens by itself yet.").waitFor();
    await page.goto("/backups");
    await visit.status(/^1 backup$/).waitFor();
    expect(visit.complaints).toEqual([]);
  });

  it("leave the overview at rest with more than one source on it", async () => {
    const { page, holdfast, shop } = visit;
    const sourceId = await addSource(holdfast, "Archive", shop.name);
    await holdfast.graphql("mutation ($input: CreateBackupInput!) { createBackup(input: $input) { id } }", {
      input: { sourceId, type: "DATABASE" },
    });
    await page.goto("/");
    await page.getByRole("heading", { name: /^Archive can be restored to / }).waitFor({ timeout: patience });
    await page.reload();
    await page
      .getByRole("list", { name: /^Backups of Archive, / })
      .getByRole("link")
      .first()
      .waitFor();
    await page.waitForLoadState("networkidle");
    expect(visit.complaints).toEqual([]);
  });
});
