import { existsSync } from "node:fs";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";

const programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser of this machine; undefined where there is none. */
export const browserProgram = programs.find((path) => existsSync(path));

/** A headless browser without what would go out to the network by itself. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    ...(browserProgram ? { executablePath: browserProgram } : {}),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

/**
 * A page at `baseURL` with a session of its own. `complaints` collects what its console and its scripts complain of,
 * violations of the content security policy among it.
 */
export async function openPage(browser: Browser, baseURL: string): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ baseURL, viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(String(error.stack ?? error)));
  return { page, complaints };
}

/** Notes each value that the progress bar named `label` shows from now on, while the page is not loaded anew; the answer reads them. */
export async function noteProgress(page: Page, label: string): Promise<() => Promise<number[]>> {
  // As text: this runs in the page, whose types the tests do not have.
  await page.evaluate(`{
    const values = (globalThis.shownProgress = []);
    const look = () => {
      const value = document.querySelector('[role=progressbar][aria-label="${label}"]')?.getAttribute("aria-valuenow");
      if (value != null && values.at(-1) !== Number(value)) values.push(Number(value));
    };
    globalThis.progressWatch?.disconnect();
    globalThis.progressWatch = new MutationObserver(look);
    globalThis.progressWatch.observe(document.body, { subtree: true, childList: true, attributes: true });
    look();
  }`);
  return () => page.evaluate<number[]>("globalThis.shownProgress");
}

/** Presses Tab until `target` has the focus, as a person without a mouse would; throws when it is never reached. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 60; presses++) {
    if ((await target.and(page.locator(":focus")).count()) > 0) return;
    await page.keyboard.press("Tab");
  }
  throw new Error("Tab does not lead there.");
}
