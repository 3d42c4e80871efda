import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { browserProgram, tabTo } from "../support/browser.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";
import { startVisit, type Visit } from "../support/visit.ts";

// Of what takes as long as the machine is slow.
const patience = 60_000;
let visit: Visit;
let sshd: Sshd;

beforeAll(async () => {
  if (browserProgram) [visit, sshd] = await Promise.all([startVisit(), startSshd()]);
});
afterEach(async ({ task }) => {
  for (const error of task.result?.errors ?? []) error.message += `\n${await visit.screen()}`;
});
afterAll(() => Promise.all([visit?.[Symbol.asyncDispose](), sshd?.[Symbol.asyncDispose]()]));

const list = (name: string) => visit.page.getByRole("list", { name, exact: true });
const places = () => list("Its storages").getByRole("listitem");

// Each step goes on where the last one ended, as a visit does.
describe.skipIf(!browserProgram)("storages in the browser", { timeout: 2 * patience }, () => {
  it("add another machine by SFTP once its key was compared and pinned, and say what is wrong before", async () => {
    const { page, button, field, status } = visit;
    await page.goto("/storages/new");
    await page.getByRole("radio", { name: /^Another machine by SFTP/ }).check();
    await field("Name").fill("Office");
    await field("Host").fill("127.0.0.1");
    await page.getByLabel("Port").fill(String(sshd.port));
    await field("User").fill(sshd.user);
    await field("Private key").fill(sshd.privateKey);
    await field("Folder").fill(`${sshd.folder}/not-there/at-all`);
    await page.getByText("Read the host key, compare it and pin it.").waitFor();
    expect(await button("Add the storage").isDisabled()).toBe(true);
    await button("Read the host key").click();
    await status(/The machine shows this key\..*SHA256:/).waitFor();
    await button("It is the same: pin it").click();
    await page.getByText("Pinned. Another machine in its place is refused.").waitFor();

    await field("Folder").fill("relative");
    await button("Check").click();
    await page
      .getByRole("alert")
      .or(status(/Does not work|absolute/))
      .first()
      .waitFor();
    await field("Folder").fill(await sshd.newFolder());
    await button("Check").click();
    await page
      .getByRole("status")
      .filter({ has: page.getByLabel("Works") })
      .waitFor();
    await button("Add the storage").click();
    const row = list("Storages").getByRole("listitem").filter({ hasText: "Office" });
    await row.getByText(`sftp://${sshd.user}@127.0.0.1:${sshd.port}`).waitFor();
    expect(await page.content()).not.toContain("OPENSSH PRIVATE KEY");
  });

  it("take one backup to both at once, and say where it lies", async () => {
    const { page, button, field } = visit;
    await page.goto("/backups/new");
    await field("Name").fill("Twofold");
    await page.getByRole("checkbox", { name: /^Office/ }).check();
    await button("Read Office first").click();
    await button("Back up now").click();
    await page.getByRole("heading", { name: "Twofold" }).waitFor();
    await expect.poll(() => places().filter({ hasText: "Stored" }).count(), { timeout: patience }).toBe(2);
    await places().filter({ hasText: "Office" }).getByText("Read first").waitFor();
    await page.getByText(/^Stored and checked: .* on Office and This machine, in /).waitFor();
    await page.goto("/backups");
    await page.getByRole("row", { name: /Twofold.*on 2 storages/ }).waitFor();
  });

  it("change a backup's name in place, by keyboard alone", async () => {
    const { page, button, field } = visit;
    await page.getByRole("link", { name: "Twofold" }).click();
    await tabTo(page, button("Rename or describe"));
    await page.keyboard.press("Enter");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("Not this");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Twofold" }).waitFor();
    await page.keyboard.press("Enter");
    expect(await field("Name").inputValue()).toBe("Twofold");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("Before the move");
    await page.keyboard.press("Tab");
    await page.keyboard.type("Both disks have it.");
    await tabTo(page, button("Save"));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Before the move" }).waitFor();
    await page.getByText("Both disks have it.").waitFor();
    await button("Rename or describe").and(page.locator(":focus")).waitFor();
  });

  it("take one copy away and bring it again, never the last one", async () => {
    const { page, button } = visit;
    await button("Remove Office").click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Remove", exact: true }).click();
    await expect.poll(() => places().count(), { timeout: patience }).toBe(1);
    expect(await button("Remove This machine").isDisabled()).toBe(true);
    await button("Copy to another storage").click();
    await page.getByRole("dialog").getByRole("button", { name: "Copy", exact: true }).click();
    await expect.poll(() => places().filter({ hasText: "Stored" }).count(), { timeout: patience }).toBe(2);
    await page.goto("/activity");
    await page.getByRole("link", { name: "Copy of Before the move to Office" }).waitFor();
  });

  it("repair what a verification found damaged on one from the other", async () => {
    const { page, button, holdfast } = visit;
    const { backups } = await holdfast.graphql<{ backups: { nodes: { id: string; folder: string; artifacts: { name: string }[] }[] } }>(
      "{ backups(first: 1) { nodes { id folder artifacts { name } } } }",
    );
    const [{ id, folder, artifacts } = { id: "", folder: "", artifacts: [] }] = backups.nodes;
    const file = join(holdfast.home, "backups", folder, artifacts[0]?.name ?? "");
    await writeFile(file, Buffer.alloc((await stat(file)).size));
    await page.goto(`/backups/${id}`);
    await holdfast.graphql("mutation ($id: ID!) { verifyBackup(id: $id, level: CHECKSUM) { id } }", { id });
    await places().filter({ hasText: "This machine" }).getByText("Not whole, stored").waitFor({ timeout: patience });
    await button("Repair").click();
    await expect.poll(() => places().filter({ hasText: "Not whole" }).count(), { timeout: patience }).toBe(0);
    await expect
      .poll(
        () =>
          places()
            .filter({ hasText: /Stored/ })
            .count(),
        { timeout: patience },
      )
      .toBe(2);
    await places().filter({ hasText: "Office" }).getByText("Read first").waitFor();
    expect(await button("Repair").count()).toBe(0);
  });

  it("read the backups that lie there", async () => {
    const { page, button, status, holdfast } = visit;
    const { storages } = await holdfast.graphql<{ storages: { id: string; name: string }[] }>("{ storages { id name } }");
    await page.goto(`/storages/${storages.find(({ name }) => name === "Office")?.id}`);
    await button("Read the backups that lie here").click();
    await status(/^1 backup found: the catalog knows it\./).waitFor();
    expect(await page.getByRole("button", { name: /^Take in/ }).count()).toBe(0);
    await button("Check Office now").click();
    await page
      .getByRole("status")
      .filter({ has: page.getByLabel("Works") })
      .waitFor();
    expect(visit.complaints).toEqual([]);
  });
});
