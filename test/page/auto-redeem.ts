import { describe } from "vitest";
import { grantsOfCard } from "../../scripts/sandbox-grants.ts";
import { messages } from "../../web/liff/text/en.ts";
import { cardPage, scratch } from "./card-page.ts";
import { it as pageTest } from "./page-house.ts";
import { intercept, loseAnswer } from "./phone.ts";
import type { Phone } from "./phone.ts";
import { fillShelf } from "./shelf.ts";
import type { Shelf } from "./shelf.ts";

const SETTLED = { interval: 250 };
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

/** What may be on a page at one time: the first words of what is told apart, and the confetti. */
const WATCHED = {
  scratch: messages.scratchForMe,
  won: messages.won.title,
  redeem: messages.redeem,
  coupon: messages.coupon,
};
type Watched = keyof typeof WATCHED | "confetti";

/** Watches the phone's pages, for the look at a prize is soon over. Gives what this page has shown together, in turn. */
async function watch({ context, page }: Phone): Promise<() => Promise<readonly (readonly Watched[])[]>> {
  await context.addInitScript((words) => {
    const shown: string[][] = [];
    Object.assign(globalThis, { shown });
    const look = () => {
      const text = document.body?.innerText ?? "";
      const now = Object.entries(words).flatMap(([name, word]) => (text.includes(word) ? [name] : []));
      if (document.querySelector("body > canvas") !== null) now.push("confetti");
      if (now.join() !== shown.at(-1)?.join()) shown.push(now);
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
  }, WATCHED);
  return () => page.evaluate(() => (globalThis as unknown as { shown: Watched[][] }).shown.filter(({ length }) => length > 0));
}

describe.concurrent("where a card is redeemed as it is revealed", () => {
  it("its coupon takes the prize's place by itself, in one call, and is there at once after a reload", async ({
    house,
    cards,
    phone,
    expect,
  }) => {
    const { page, calls } = phone;
    const shown = await watch(phone);
    const { url, cardId } = cards.take("coupon-50");
    await page.goto(url);
    await scratch(page);
    await cardPage(page).text(messages.coupon).waitFor();
    expect(await page.getByText(cardId).count()).toBe(1);
    expect(await shown()).toEqual([["scratch"], ["won"], ["coupon"]]);
    expect(calls).toEqual(["session", "reveal"]);
    await expect.poll(async () => (await house.admin.care(cardId))[0]?.state, SETTLED).toBe("redeemed");

    await page.reload();
    await cardPage(page).text(messages.coupon).waitFor();
    expect(await shown()).toEqual([["coupon"]]);
    expect(calls).toEqual(["session", "reveal", "face", "reveal"]);
    await house.partner.useCoupon(CAMPAIGN, cardId, { store: "Taipei" });
    await page.reload();
    await cardPage(page).text(messages.couponUsed).waitFor();
  });

  it("its code, its points and its thanks come by themselves, now and after a reload", async ({ cards, phone, expect }) => {
    const { page, calls } = phone;
    const shown = await watch(phone);
    await page.goto(cards.take("cafe-code").url);
    await cardPage(page).scratchForMe.click();
    await cardPage(page).copy.waitFor();
    const code = await page.getByText(/^CAFE-/).textContent();
    await page.reload();
    await cardPage(page)
      .text(code ?? "")
      .waitFor();
    expect((await shown()).flat()).not.toContain("redeem");
    await page.goto(cards.take("points-10").url);
    await cardPage(page).scratchForMe.click();
    const granted = cardPage(page).heading(messages.delivery.webhook.granted.title);
    await granted.waitFor();
    await page.reload();
    await granted.waitFor();
    expect((await shown()).flat()).not.toContain("redeem");
    await page.goto(cards.take("thanks").url);
    await cardPage(page).scratchForMe.click();
    await cardPage(page).heading(messages.thanks.title).waitFor();
    await page.reload();
    await cardPage(page).heading(messages.thanks.title).waitFor();
    expect((await shown()).flat()).not.toContain("redeem");
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
    const shown = await watch(phone);
    await page.emulateMedia({ reducedMotion: "no-preference" });
    await page.goto(cards.take("coupon-50").url);
    await cardPage(page).scratchForMe.click();
    await cardPage(page).text(messages.coupon).waitFor();
    const [celebrated, afterwards] = [(await shown()).filter((now) => now.includes("confetti")), (await shown()).at(-1)];
    expect(celebrated.every((now) => now.includes("won"))).toBe(true);
    expect(afterwards).toEqual(["coupon"]);
  });

  it("its coupon comes without another scratch to who leaves while the prize is looked at", async ({ cards, phone, expect }) => {
    const { page } = phone;
    await page.addInitScript((words) => {
      new MutationObserver(() => {
        if (sessionStorage.getItem("left") !== null || !document.body?.innerText.includes(words)) return;
        sessionStorage.setItem("left", "");
        location.reload();
      }).observe(document, { childList: true, subtree: true });
    }, messages.won.title);
    await page.goto(cards.take("coupon-50").url);
    await cardPage(page).scratchForMe.click();
    await cardPage(page).text(messages.coupon).waitFor();
    expect(await cardPage(page).foil.count()).toBe(0);
    expect(phone.calls).toEqual(["session", "reveal", "face", "reveal"]);
  });
});
