import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { createPictures } from "../../server/demo/pictures.ts";
import { createShop } from "../../server/demo/shop.ts";
import { openBrowser, openPage } from "./browser.ts";
import { freePort } from "./free-port.ts";
import { addSource, type Holdfast, startHoldfast } from "./holdfast.ts";
import { freshDatabase } from "./shared-server.ts";

type Shop = Awaited<ReturnType<typeof freshDatabase>>;

/** A browser signed in as the administrator of a server of its own, whose one source is a small shop; `await using` it or dispose it. */
export interface Visit extends AsyncDisposable {
  readonly holdfast: Holdfast;
  readonly shop: Shop;
  readonly sourceId: string;
  /** The media folder of the source. */
  readonly media: string;
  /** A folder for what the visit brings along or takes away. */
  readonly folder: string;
  readonly page: Page;
  readonly complaints: string[];
  /** The button of exactly this name. */
  button(name: string): Locator;
  /** The status whose words match. */
  status(text: RegExp): Locator;
  /** The text field of exactly this name. */
  field(name: string): Locator;
  /** What stands on the screen, to be read where a step failed. */
  screen(): Promise<string>;
}

/** `extra` is added to the environment of the server. */
export async function startVisit(extra: Record<string, string> = {}): Promise<Visit> {
  // A fixed port: an open page comes back to the address that it knows.
  const env = { HOLDFAST_PORT: String(await freePort()), ...extra };
  const [holdfast, shop, folder, browser]: [Holdfast, Shop, string, Browser] = await Promise.all([
    startHoldfast({ env }),
    freshDatabase("shop"),
    mkdtemp(join(tmpdir(), "holdfast-visit-")),
    openBrowser(),
  ]);
  const media = join(folder, "media");
  await createShop(shop.sql, { scale: 0.05, now: new Date("2026-03-14T09:26:53Z") });
  await createPictures(join(media, "pictures"), { count: 12 });
  const sourceId = await addSource(holdfast, "Shop", shop.name, [media]);
  const { page, complaints } = await openPage(browser, holdfast.url);
  await page.context().addCookies(cookiesOf(holdfast));
  return {
    holdfast,
    shop,
    sourceId,
    media,
    folder,
    page,
    complaints,
    button: (name) => page.getByRole("button", { name, exact: true }),
    status: (text) => page.getByRole("status").filter({ hasText: text }),
    field: (name) => page.getByRole("textbox", { name, exact: true }),
    screen: async () => `${page.url()}\n${await page.locator("body").ariaSnapshot()}`,
    async [Symbol.asyncDispose]() {
      await browser.close();
      await holdfast[Symbol.asyncDispose]();
      await shop[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const cookiesOf = ({ cookie, url }: Holdfast) =>
  cookie.split("; ").map((pair) => ({ name: pair.slice(0, pair.indexOf("=")), value: pair.slice(pair.indexOf("=") + 1), url }));
