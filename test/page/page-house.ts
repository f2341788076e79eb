import type { Browser } from "playwright-core";
import { test } from "vitest";
import { demoCampaignFile } from "../../scripts/demo-campaign.ts";
import { openBrowser } from "../../scripts/browser.ts";
import { openTestHouse } from "../house.ts";
import type { TestHouse } from "../house.ts";
import { openPhone } from "./phone.ts";
import type { Phone } from "./phone.ts";
import { fillShelf } from "./shelf.ts";
import type { Shelf } from "./shelf.ts";

/** The campaign of most tests; whoever draws from it by themselves wins nothing, for its stock is on the shelf. */
export const CAMPAIGN = "page";
const STICKER = { id: "sticker", kind: "line-sticker", name: { en: "Sticker set" }, params: { productId: "12345" } };
const STOCK = new Map([
  ["points-10", 60],
  ["coupon-50", 60],
  ["cafe-code", 20],
  ["sticker", 5],
  ["thanks", 10],
]);

/** The app, its sandbox, a browser, and cards to play with. */
export interface PageHouse extends TestHouse {
  readonly browser: Browser;
  readonly shelf: Shelf;
}

interface Fixtures {
  /** One for all tests of a file. */
  readonly house: PageHouse;
  /** A phone for this test alone; what its pages complain of fails the test. */
  readonly phone: Phone;
}

export const it = test.extend<Fixtures>({
  house: [
    // oxlint-disable-next-line no-empty-pattern -- Vitest reads the pattern to learn what a fixture needs.
    async ({}, use) => {
      const house = await openPageHouse();
      await use(house);
      await house.close();
    },
    { scope: "file" },
  ],
  phone: async ({ house }, use) => {
    const phone = await openPhone(house.browser);
    await use(phone);
    await phone.close();
    if (phone.faults.length > 0) throw new Error(`the page complained: ${phone.faults.join("; ")}`);
  },
});

async function openPageHouse(): Promise<PageHouse> {
  const house = await openTestHouse();
  const { prizes } = await demoCampaignFile(CAMPAIGN, Date.now());
  // A card that is voided must not become somebody's win.
  const settings = { prizes: [...prizes, STICKER], returnStock: { onVoid: false, onExpiry: false } };
  const [shelf, browser] = await Promise.all([fillShelf(house, { id: CAMPAIGN, settings, stock: STOCK }), openBrowser()]);
  return {
    ...house,
    shelf,
    browser,
    close: async () => {
      await browser.close();
      // Nothing of it is kept: it need not end in order.
      await house.stack.kill();
      await house.close();
    },
  };
}
