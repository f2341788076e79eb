import { describe } from "vitest";
import { accessToken } from "../../scripts/admin-client.ts";
import { callJson } from "../../scripts/api-call.ts";
import { drawOne } from "../../scripts/draw.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { newLineUserId } from "../../scripts/player-client.ts";
import { grantsOfCard } from "../../scripts/sandbox-grants.ts";
import { silent } from "../../scripts/terminal.ts";
import { messages } from "../../web/liff/text/en.ts";
import type { TestHouse } from "../house.ts";
import { cardPage, reveal, scratch } from "./card-page.ts";
import { CAMPAIGN, it } from "./page-house.ts";
import { holdBack, holdClock, intercept, loseAnswer, openPhone } from "./phone.ts";

const SETTLED = { interval: 250 };
const LEAP = { interval: 100 };
const LEAP_MS = 1_000;
const AWAY_MS = 20_000;
const DAY_MS = 24 * 3_600_000;
const RETRY_AFTER_SECONDS = 3;

/** Whose card it is, wherever its link is opened. */
const linkOf = (url: string, user: string) => `${url}?as=${user}`;

async function setFault({ stack }: TestHouse, target: "line" | "rewards", mode: "ok" | "down" | "error" | "refuse"): Promise<void> {
  await callJson(`${stack.sandboxOrigin}/sandbox/faults`, { method: "POST", body: { target, mode } });
}

/** How often the ledger has counted a reveal in this campaign. */
async function countReveals({ stack }: TestHouse, campaign: string): Promise<number> {
  const [from, to] = [-1, 1].map((hours) => new Date(Date.now() + hours * 3_600_000).toISOString());
  const url = `${stack.appOrigin}/admin/v1/campaigns/${campaign}/stats?from=${from}&to=${to}`;
  const { counts } = await callJson<{ counts: readonly { revealed: number }[] }>(url, {
    headers: { "cf-access-jwt-assertion": await accessToken(stack) },
  });
  return counts.reduce((sum, { revealed }) => sum + revealed, 0);
}

describe.concurrent("a card that lies open", () => {
  it("for days is revealed and redeemed all the same", async ({ house, phone }) => {
    const { page } = phone;
    await holdClock(phone);
    await page.goto(house.shelf.take("coupon-50").url);
    await cardPage(page).foil.waitFor();
    await page.clock.fastForward(2 * DAY_MS);
    await reveal(page);
    await cardPage(page).redeem.click();
    await cardPage(page).text(messages.coupon).waitFor();
  });

  it("under a finger that is still down keeps what was scratched when the page goes", async ({ house, phone, expect }) => {
    const { page } = phone;
    const asked = await holdBack(phone, "reveal");
    await page.goto(house.shelf.take("coupon-50").url);
    const { foil } = cardPage(page);
    await foil.waitFor();
    const { x, y } = await foil.evaluate((canvas) => canvas.getBoundingClientRect());
    await page.mouse.move(x + 30, y + 30);
    await page.mouse.down();
    await page.mouse.move(x + 200, y + 60, { steps: 6 });
    await expect.poll(asked.held).toBe(1);
    await page.reload();
    await foil.waitFor();
    const kept = await page.evaluate(
      () => (JSON.parse(localStorage.getItem("kuji.touched") ?? "[]") as [string, number[]][])[0]?.[1].length ?? 0,
    );
    expect(kept).toBeGreaterThan(0);
    asked.release();
  });
});

describe("a prize that was asked for", () => {
  it("comes by itself when the API was too busy for twenty seconds at the first touch, and is revealed once", async ({
    house,
    phone,
    expect,
  }) => {
    const { page } = phone;
    await openMadeCampaign(house.stack, house.admin, silent, { id: "rush", settings: {}, stock: new Map([["coupon-50", 1]]) });
    const { url } = await drawOne(house.partner, "rush");
    await holdClock(phone);
    let firstMs: number | null = null;
    let refused = 0;
    await intercept(phone, "reveal", async (route) => {
      const nowMs = await page.evaluate(() => Date.now());
      firstMs ??= nowMs;
      if (nowMs - firstMs >= AWAY_MS) return await route.fallback();
      refused += 1;
      return await route.fulfill({
        status: 503,
        headers: { "retry-after": String(RETRY_AFTER_SECONDS) },
        json: { code: "overloaded", status: 503 },
      });
    });
    await page.goto(url);
    await scratch(page);
    const explained = cardPage(page).heading(messages.waiting.busy.title);
    await explained.waitFor();
    expect(await cardPage(page).foil.isVisible()).toBe(true);
    const redeemable = async () => {
      if ((await explained.count()) === 1) expect(await cardPage(page).foil.isVisible()).toBe(true);
      await page.clock.fastForward(LEAP_MS);
      return cardPage(page).redeem.count();
    };
    await expect.poll(redeemable, LEAP).toBe(1);
    expect(refused).toBeGreaterThan(2);
    await expect.poll(() => countReveals(house, "rush"), SETTLED).toBe(1);
    expect((await house.admin.invariants("rush")).differences).toEqual([]);
  });

  it.for([
    ["before the reveal reached the app", "hold"],
    ["before its answer reached the page", "lose"],
    ["with the prize on the screen", "show"],
  ] as const)("is the same in a new browser when the page was killed %s, and is redeemed", async ([, how], { house, phone, expect }) => {
    const { url, cardId } = house.shelf.take("points-10");
    const link = linkOf(url, newLineUserId());
    const killed = await openPhone(house.browser);
    const asked = how === "hold" ? await holdBack(killed, "reveal") : null;
    let answered = false;
    if (how === "lose") {
      await intercept(killed, "reveal", async (route) => {
        await loseAnswer(route);
        answered = true;
      });
    }
    await killed.page.goto(link);
    await scratch(killed.page, how === "show" ? undefined : 1);
    if (how === "hold") await expect.poll(() => asked?.held(), SETTLED).toBe(1);
    if (how === "lose") await expect.poll(() => answered, SETTLED).toBe(true);
    if (how === "show") await cardPage(killed.page).redeem.waitFor();
    await killed.close();

    await phone.page.goto(link);
    await reveal(phone.page);
    await cardPage(phone.page).heading("10 points").first().waitFor();
    await cardPage(phone.page).redeem.click();
    await cardPage(phone.page).heading(messages.delivery.webhook.granted.title).waitFor();
    expect(await grantsOfCard(house.stack.sandboxOrigin, cardId)).toMatchObject([{ cardId, asked: 1 }]);
  });
});

it("a draw that was answered when its app was gone gives the same card in the next", async ({ house, phone, expect }) => {
  const user = newLineUserId();
  const deck = linkOf(`${house.stack.appOrigin}/c/${CAMPAIGN}`, user);
  await intercept(phone, "play", loseAnswer);
  await phone.page.goto(deck);
  await cardPage(phone.page).draw.click();
  await cardPage(phone.page).heading(messages.waiting.trouble.title).waitFor();
  // What was kept for the tab goes with it.
  await phone.page.close();
  await phone.context.unrouteAll({ behavior: "ignoreErrors" });

  const next = await phone.openTab();
  await next.goto(deck);
  await cardPage(next).draw.click();
  await cardPage(next).foil.waitFor();
  await expect
    .poll(async () => (await house.admin.care(user)).map(({ cardId }) => cardId), SETTLED)
    .toEqual([next.url().match(/\/([^/?]+)\?/)?.[1]]);
});

/** One after the other: what fails here fails for every page. */
describe("when what stands behind the page fails", () => {
  it("a reward that is not granted yet is on its way, and one that failed is said to be late", async ({ house, phone }) => {
    const { page } = phone;
    await holdClock(phone);
    await setFault(house, "rewards", "down");
    await page.goto(house.shelf.take("points-10").url);
    await reveal(page);
    await cardPage(page).redeem.click();
    await cardPage(page).heading(messages.delivery.webhook.onItsWay.title).waitFor();
    await setFault(house, "rewards", "refuse");
    const late = await openPhone(house.browser);
    await late.page.goto(house.shelf.take("points-10").url);
    await reveal(late.page);
    await cardPage(late.page).redeem.click();
    await cardPage(late.page).heading(messages.delayed.title).waitFor();
    await late.close();
    await setFault(house, "rewards", "ok");
  });

  it("the app, killed between the first touch and the redemption, gives the same prize when it is back", async ({
    house,
    phone,
    expect,
  }) => {
    const { page } = phone;
    const { url, cardId } = house.shelf.take("points-10");
    const waiting = house.shelf.take("coupon-50");
    const link = linkOf(url, newLineUserId());
    await page.goto(link);
    await reveal(page);
    const other = await phone.openTab();
    await other.goto(waiting.url);
    await cardPage(other).foil.waitFor();
    await house.stack.kill();
    // One page redeems, and one is touched, while there is nobody.
    await cardPage(page).redeem.click();
    await cardPage(page).heading(messages.waiting.trouble.title).waitFor();
    await scratch(other, 1);
    await cardPage(other).heading(messages.waiting.trouble.title).waitFor();
    await page.close();
    await house.stack.restart();

    const reopened = await openPhone(house.browser);
    await reopened.page.goto(link);
    await reveal(reopened.page);
    await cardPage(reopened.page).redeem.click();
    await cardPage(reopened.page).heading(messages.delivery.webhook.granted.title).waitFor();
    await reopened.close();
    await reveal(other);
    await cardPage(other).redeem.click();
    await cardPage(other).text(messages.coupon).waitFor();
    await expect.poll(async () => (await house.admin.care(cardId))[0]?.reward?.status, SETTLED).toBe("granted");
    expect(await grantsOfCard(house.stack.sandboxOrigin, cardId)).toHaveLength(1);
  });
});
