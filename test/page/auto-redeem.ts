import { describe } from "vitest";
import { grantsOfCard } from "../../scripts/sandbox-grants.ts";
import { messages } from "../../web/liff/text/en.ts";
import { cardPage, scratch } from "./card-page.ts";
import { it as pageTest } from "./page-house.ts";
import { intercept, loseAnswer } from "./phone.ts";
import type { Phone } from "./phone.ts";
import { fillShelf } from "./shelf.ts";
import type { Shelf } from "./shelf.ts";

const SETTLED = { timeout: 90_000, interval: 250 };
const CAMPAIGN = "redeems-by-itself";
const STOCK = new Map([
  ["coupon-50", 3],
  ["cafe-code", 1],
  ["points-10", 2],
  ["thanks", 1],
]);

const it = pageTest.extend<{ readonly cards: Shelf }>({
  cards: [
    async ({ house }, use) => use(await fillShelf(house, { id: CAMPAIGN, settings: { autoRedeem: true }, stock: STOCK })),
    { scope: "file" },
  ],
});

/** Watches all pages of a phone for the button that redeems; gives whether it was ever there. */
async function watchRedeem({ context, page }: Phone): Promise<() => Promise<boolean>> {
  await context.addInitScript((words) => {
    const look = () => {
      if (document.body?.innerText.includes(words)) Object.assign(globalThis, { offered: true });
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
  }, messages.redeem);
  return () => page.evaluate(() => "offered" in globalThis);
}

describe.concurrent("where a card is redeemed as it is revealed", { timeout: 240_000 }, () => {
  it("its coupon takes the prize's place by itself, in one call, and is there at once after a reload", async ({
    house,
    cards,
    phone,
    expect,
  }) => {
    const { page, calls } = phone;
    const offered = await watchRedeem(phone);
    const { url, cardId } = cards.take("coupon-50");
    await page.goto(url);
    await scratch(page);
    await cardPage(page).heading(messages.won.title).waitFor();
    await cardPage(page).text(messages.opened).waitFor();
    expect(await cardPage(page).scratchForMe.count()).toBe(0);
    await cardPage(page).text(messages.coupon).waitFor();
    expect(await page.getByText(cardId).count()).toBe(1);
    expect(await offered()).toBe(false);
    expect(calls).toEqual(["session", "reveal"]);
    await expect.poll(async () => (await house.admin.care(cardId))[0]?.state, SETTLED).toBe("redeemed");

    await page.reload();
    await cardPage(page).text(messages.coupon).waitFor();
    expect(await offered()).toBe(false);
    expect(calls).toEqual(["session", "reveal", "face", "reveal"]);
    await house.partner.useCoupon(CAMPAIGN, cardId, { store: "Taipei" });
    await page.reload();
    await cardPage(page).text(messages.couponUsed).waitFor();
  });

  it("its code, its points and its thanks come by themselves, now and after a reload", async ({ cards, phone, expect }) => {
    const { page, calls } = phone;
    const offered = await watchRedeem(phone);
    await page.goto(cards.take("cafe-code").url);
    await cardPage(page).scratchForMe.click();
    await cardPage(page).copy.waitFor();
    const code = await page.getByText(/^CAFE-/).textContent();
    await page.reload();
    await cardPage(page)
      .text(code ?? "")
      .waitFor();
    expect(await offered()).toBe(false);
    await page.goto(cards.take("points-10").url);
    await cardPage(page).scratchForMe.click();
    const granted = cardPage(page).heading(messages.delivery.webhook.granted.title);
    await granted.waitFor();
    await page.reload();
    await granted.waitFor();
    expect(await offered()).toBe(false);
    await page.goto(cards.take("thanks").url);
    await cardPage(page).scratchForMe.click();
    await cardPage(page).heading(messages.thanks.title).waitFor();
    await page.reload();
    await cardPage(page).heading(messages.thanks.title).waitFor();
    expect(await offered()).toBe(false);
    expect(calls).not.toContain("redeem");
  });

  it("its points are granted once, although the reveal's answer was lost and the page was left before it came again", async ({
    house,
    cards,
    phone,
    expect,
  }) => {
    const { page } = phone;
    const { url, cardId } = cards.take("points-10");
    await intercept(phone, "reveal", loseAnswer);
    await page.goto(url);
    await scratch(page, 1);
    await cardPage(page).heading(messages.waiting.trouble.title).waitFor();
    await phone.context.unrouteAll({ behavior: "ignoreErrors" });
    await page.reload();
    await cardPage(page).scratchForMe.click();
    await cardPage(page).heading(messages.delivery.webhook.granted.title).waitFor();
    expect(await grantsOfCard(house.stack.sandboxOrigin, cardId)).toMatchObject([{ cardId, asked: 1 }]);
  });

  it("its win is celebrated while the prize is looked at, and not over the coupon", async ({ cards, phone, expect }) => {
    const { page } = phone;
    const confetti = page.locator("body > canvas");
    await page.emulateMedia({ reducedMotion: "no-preference" });
    await page.goto(cards.take("coupon-50").url);
    await cardPage(page).scratchForMe.click();
    await cardPage(page).heading(messages.won.title).waitFor();
    await cardPage(page).text(messages.coupon).waitFor();
    expect(await confetti.count()).toBe(0);
  });

  it("its coupon comes without another scratch to who leaves while the prize is looked at", async ({ cards, phone, expect }) => {
    const { page } = phone;
    await page.goto(cards.take("coupon-50").url);
    await cardPage(page).scratchForMe.click();
    await cardPage(page).heading(messages.won.title).waitFor();
    await page.reload();
    await cardPage(page).text(messages.coupon).waitFor();
    expect(await cardPage(page).foil.count()).toBe(0);
  });
});
