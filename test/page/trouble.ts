import type { Page, Route } from "playwright-core";
import { describe } from "vitest";
import type { ExpectStatic } from "vitest";
import { newLineUserId } from "../../scripts/player-client.ts";
import { messages } from "../../web/liff/text/en.ts";
import { cardPage, reveal, scratch } from "./card-page.ts";
import { CAMPAIGN, it } from "./page-house.ts";
import { holdBack, holdClock, intercept, loseAnswer } from "./phone.ts";
import type { CallName, Phone } from "./phone.ts";

const SETTLED = { interval: 250 };
/** The page's time goes on in leaps: no test waits as long as a user does. */
const LEAP = { interval: 30 };
const LEAP_MS = 2_000;
const RETRY_AFTER_SECONDS = 20;

const problem = (status: number, code: string, headers: Record<string, string> = {}) => ({ status, headers, json: { code, status } });

/** A date, of a server whose clock is not the phone's at all. */
const IN_TWELVE_SECONDS = { date: "Sun, 09 Sep 2001 01:46:40 GMT", "retry-after": "Sun, 09 Sep 2001 01:46:52 GMT" };

interface Fault {
  readonly says: "busy" | "trouble";
  /** The server asks for so long. */
  readonly retryAfterSeconds?: number;
  answer(route: Route): Promise<void>;
}

/** How a call fails, one after the other. */
const FAULTS: readonly Fault[] = [
  { says: "trouble", answer: (route) => route.abort("connectionrefused") },
  {
    says: "busy",
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    answer: (route) => route.fulfill(problem(503, "overloaded", { "retry-after": String(RETRY_AFTER_SECONDS) })),
  },
  { says: "trouble", answer: loseAnswer },
  { says: "busy", retryAfterSeconds: 12, answer: (route) => route.fulfill(problem(429, "rate_limited", IN_TWELVE_SECONDS)) },
  { says: "trouble", answer: (route) => route.fulfill(problem(500, "internal_error")) },
  { says: "trouble", answer: (route) => route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" }) },
  { says: "trouble", answer: (route) => route.fulfill({ status: 403, contentType: "text/html", body: "<h1>Forbidden</h1>" }) },
  { says: "trouble", answer: (route) => route.fulfill({ json: {} }) },
];

interface Failing {
  /** The page's time of each attempt. */
  readonly attemptsMs: readonly number[];
  /**
   * The page has explained so many failures. An attempt is answered only when the failure before it was: the page says why it waits until then, and its
   * waits may be over before a busy machine has looked.
   */
  readonly explained: (failures: number) => void;
}

/** Lets a call fail in each of these ways in turn, then succeed. */
async function failInTurn(phone: Phone, call: CallName): Promise<Failing> {
  const attemptsMs: number[] = [];
  const gates = FAULTS.map(() => Promise.withResolvers<void>());
  await intercept(phone, call, async (route) => {
    const failures = attemptsMs.push(await phone.page.evaluate(() => Date.now())) - 1;
    await gates[failures - 1]?.promise;
    await (FAULTS[failures]?.answer(route) ?? route.fallback());
  });
  return { attemptsMs, explained: (failures) => gates.slice(0, failures).forEach(({ resolve }) => resolve()) };
}

/** Goes through all faults of a call that has just been made: each is explained, and each wait is as long as the server asked. */
async function sitOut(page: Page, { attemptsMs, explained }: Failing, expect: ExpectStatic): Promise<void> {
  for (const [i, { says, retryAfterSeconds = 0 }] of FAULTS.entries()) {
    await cardPage(page).heading(messages.waiting[says].title).waitFor();
    explained(i + 1);
    const next = async () => {
      await page.clock.fastForward(LEAP_MS);
      return attemptsMs.length;
    };
    await expect.poll(next, LEAP).toBeGreaterThan(i + 1);
    const [failed = 0, tried = 0] = attemptsMs.slice(i, i + 2);
    expect(tried - failed).toBeGreaterThanOrEqual(retryAfterSeconds * 1_000);
  }
}

describe.concurrent("when a call fails in every way in turn, the page explains, waits and succeeds by itself", () => {
  it("at the opening", async ({ house, phone, expect }) => {
    const { page } = phone;
    await holdClock(phone);
    const failing = await failInTurn(phone, "session");
    await page.goto(house.shelf.take("coupon-50").url);
    await sitOut(page, failing, expect);
    await cardPage(page).foil.waitFor();
    expect(failing.attemptsMs).toHaveLength(FAULTS.length + 1);
  });

  it("at the draw, which deals one card", async ({ house, phone, expect }) => {
    const { page } = phone;
    const user = newLineUserId();
    await holdClock(phone);
    const failing = await failInTurn(phone, "play");
    await page.goto(`${house.stack.appOrigin}/c/${CAMPAIGN}?as=${user}`);
    await cardPage(page).draw.click();
    await sitOut(page, failing, expect);
    await cardPage(page).foil.waitFor();
    await expect.poll(async () => (await house.admin.care(user)).length, SETTLED).toBe(1);
  });

  it("at the reveal, with the foil held", async ({ house, phone, expect }) => {
    const { page } = phone;
    await holdClock(phone);
    const failing = await failInTurn(phone, "reveal");
    await page.goto(house.shelf.take("coupon-50").url);
    await scratch(page, 2);
    await sitOut(page, failing, expect);
    // The prize lies beneath, and what is left of the foil is the user's.
    expect(await cardPage(page).foil.isVisible()).toBe(true);
    await reveal(page);
  });

  it("at the redemption, which is one", async ({ house, phone, expect }) => {
    const { page } = phone;
    const { url, cardId } = house.shelf.take("coupon-50");
    await holdClock(phone);
    const failing = await failInTurn(phone, "redeem");
    await page.goto(url);
    await reveal(page);
    await cardPage(page).redeem.click();
    await sitOut(page, failing, expect);
    await cardPage(page).text(messages.coupon).waitFor();
    const redemptions = async () => (await house.admin.care(cardId))[0]?.timeline.filter(({ what }) => what === "redeemed").length;
    await expect.poll(redemptions, SETTLED).toBe(1);
  });

  it("while it asks what became of the reward", async ({ house, phone, expect }) => {
    const { page } = phone;
    await holdClock(phone);
    const { attemptsMs, explained } = await failInTurn(phone, "reward");
    explained(FAULTS.length);
    await page.goto(house.shelf.take("points-10").url);
    await reveal(page);
    await cardPage(page).redeem.click();
    await cardPage(page).heading(messages.delivery.webhook.onItsWay.title).waitFor();
    const granted = cardPage(page).heading(messages.delivery.webhook.granted.title);
    await expect
      .poll(async () => {
        await page.clock.fastForward(LEAP_MS);
        return granted.count();
      }, LEAP)
      .toBe(1);
    expect(attemptsMs.length).toBeGreaterThan(FAULTS.length);
  });
});

describe.concurrent("when the network is bad", () => {
  it("an answer that takes too long is given up, and asked for again", async ({ house, phone, expect }) => {
    const { page } = phone;
    await holdClock(phone);
    // The page's own time-out must follow the page's time.
    await page.addInitScript(() => {
      AbortSignal.timeout = (ms) => {
        const controller = new AbortController();
        setTimeout(() => controller.abort(new DOMException("", "TimeoutError")), ms);
        return controller.signal;
      };
    });
    let asked = 0;
    await intercept(phone, "reveal", async (route) => {
      asked += 1;
      if (asked > 1) await route.fallback();
    });
    await page.goto(house.shelf.take("coupon-50").url);
    await cardPage(page).scratchForMe.click();
    await expect.poll(() => asked, SETTLED).toBe(1);
    const again = async () => {
      await page.clock.fastForward(LEAP_MS);
      return asked;
    };
    await expect.poll(again, LEAP).toBe(2);
    await cardPage(page).redeem.waitFor();
  });

  it("a slow reveal and a slow redemption are said to be under way", async ({ house, phone }) => {
    const { page } = phone;
    const [revealing, redeeming] = [await holdBack(phone, "reveal"), await holdBack(phone, "redeem")];
    await page.goto(house.shelf.take("coupon-50").url);
    await scratch(page, 2);
    await page.getByRole("status").getByText(messages.asking).waitFor();
    revealing.release();
    await reveal(page);
    await cardPage(page).redeem.click();
    await cardPage(page).redeeming.waitFor();
    redeeming.release();
    await cardPage(page).text(messages.coupon).waitFor();
  });

  it("reveals and redeems as soon as it is back, and keeps what was scratched meanwhile", async ({ house, phone, expect }) => {
    const { page, context } = phone;
    await page.goto(house.shelf.take("coupon-50").url);
    // With the switch the words have come that say what is the matter.
    await cardPage(page).sound.waitFor();
    await context.setOffline(true);
    await scratch(page);
    await cardPage(page).heading(messages.waiting.offline.title).waitFor();
    expect(await cardPage(page).foil.isVisible()).toBe(true);
    await context.setOffline(false);
    await cardPage(page).redeem.waitFor();
    await context.setOffline(true);
    await cardPage(page).redeem.click();
    await cardPage(page).heading(messages.waiting.offline.title).waitFor();
    await context.setOffline(false);
    await cardPage(page).text(messages.coupon).waitFor();
  });

  it("opens and plays on when each of its scripts after the first was lost once on the way, and does without confetti", async ({
    house,
    phone,
    expect,
  }) => {
    const { page } = phone;
    await page.emulateMedia({ reducedMotion: "no-preference" });
    const lost = new Map<string, number>();
    await page.route(/\/assets\/(?!index|line-sdk|rolldown).*\.js/, async (route) => {
      const [, name = ""] = /\/([^/]+)-.{8}\.js$/.exec(new URL(route.request().url()).pathname) ?? [];
      lost.set(name, (lost.get(name) ?? 0) + 1);
      await (lost.get(name) === 1 || name.startsWith("confetti") ? route.abort("connectionreset") : route.fallback());
    });
    await page.goto(house.shelf.take("coupon-50").url);
    await reveal(page);
    await cardPage(page).redeem.click();
    await page.locator(".coupon svg path").waitFor();
    await page.getByRole("button", { name: messages.ownCards.title }).click();
    await page.getByRole("dialog").waitFor();
    expect([...lost.keys()].filter((name) => (lost.get(name) ?? 0) > 1).sort()).toEqual([
      "confetti.module",
      "dist",
      "en",
      "later",
      "line.development",
    ]);
  });

  it("asks again for its style sheet, and where its first script was lost offers to be loaded anew", async ({ house, phone, expect }) => {
    const { page } = phone;
    const loseOnce = (file: RegExp) => page.route(file, (route) => route.abort("connectionreset"), { times: 1 });
    const reload = page.getByRole("link", { name: "Reload" });
    await loseOnce(/\/assets\/index-.*\.js/);
    await page.goto(house.shelf.take("coupon-50").url);
    // The script may still come; once it has, the words for it are gone.
    expect(await reload.isVisible()).toBe(false);
    await reload.click();
    await cardPage(page).foil.waitFor();
    expect(await reload.count()).toBe(0);

    await loseOnce(/\/assets\/index-.*\.css/);
    await page.reload();
    await cardPage(page).foil.waitFor();
    await expect.poll(() => page.locator(".stage").evaluate((stage) => getComputedStyle(stage).display)).toBe("grid");
  });

  it("says that it is revealing while what takes the foil off is still on its way", async ({ house, phone, expect }) => {
    const { page } = phone;
    let isLost = true;
    await page.route(/\/assets\/later-.*\.js/, (route) => (isLost ? route.abort("connectionreset") : route.fallback()));
    await page.goto(house.shelf.take("coupon-50").url);
    const revealed = page.waitForResponse(/\/reveal$/);
    await scratch(page);
    await revealed;
    await page.getByRole("status").getByText(messages.asking).waitFor();
    expect(await cardPage(page).foil.isVisible()).toBe(true);
    isLost = false;
    await cardPage(page).redeem.waitFor();
  });

  it("promises nobody a card who has none", async ({ house, phone, expect }) => {
    const { page, context } = phone;
    await page.goto(`${house.stack.appOrigin}/c/${CAMPAIGN}`);
    await cardPage(page).draw.waitFor();
    await context.setOffline(true);
    await cardPage(page).draw.click();
    await cardPage(page).text(messages.waitingToDraw.offline).waitFor();
    expect(await cardPage(page).text(messages.waiting.offline.text).count()).toBe(0);
    await context.setOffline(false);
    await cardPage(page).foil.waitFor();
  });

  it("stays while LINE's script cannot be had: without a network for as long as that takes, with one it is loaded anew, once", async ({
    house,
    phone,
    expect,
  }) => {
    const { page, context } = phone;
    await holdClock(phone);
    let [loads, asked, isLost] = [0, 0, true];
    page.on("domcontentloaded", () => (loads += 1));
    await page.route(/\/assets\/line\.development.*\.js/, async (route) => {
      asked += 1;
      await (isLost ? route.abort("connectionreset") : route.fallback());
    });
    const seen = async (look: () => number | Promise<number>) => {
      await page.clock.fastForward("00:25");
      return look();
    };
    await page.goto(house.shelf.take("coupon-50").url);
    await cardPage(page).heading(messages.waiting.trouble.title).waitFor();
    await context.setOffline(true);
    await expect.poll(() => seen(() => asked), LEAP).toBeGreaterThan(12);
    await cardPage(page).heading(messages.waiting.offline.title).waitFor();
    expect(loads).toBe(1);

    await context.setOffline(false);
    const tryAgain = page.getByRole("button", { name: messages.tryAgain });
    await expect.poll(() => seen(() => tryAgain.count()), { interval: 30 }).toBe(1);
    expect(loads).toBe(2);
    isLost = false;
    await tryAgain.click();
    await cardPage(page).foil.waitFor();
    expect(loads).toBe(2);
  });

  it("a session that the server knows no more is begun anew, unnoticed", async ({ house, phone, expect }) => {
    const { page, calls } = phone;
    let refused = 0;
    await intercept(phone, "redeem", async (route) => {
      refused += 1;
      await (refused === 1 ? route.fulfill(problem(401, "session_invalid")) : route.fallback());
    });
    await page.goto(house.shelf.take("coupon-50").url);
    await reveal(page);
    await cardPage(page).redeem.click();
    await cardPage(page).text(messages.coupon).waitFor();
    expect(calls).toEqual(["session", "reveal", "redeem", "session", "redeem"]);
  });

  it("gives up after a quarter of an hour at the most, and begins again when asked to", async ({ house, phone, expect }) => {
    const { page } = phone;
    await holdClock(phone);
    let isDown = true;
    await intercept(phone, "reveal", (route) => (isDown ? route.abort("connectionrefused") : route.fallback()));
    await page.goto(house.shelf.take("coupon-50").url);
    await cardPage(page).scratchForMe.click();
    const tryAgain = page.getByRole("button", { name: messages.tryAgain });
    const shown = async () => {
      await page.clock.fastForward("00:25");
      return tryAgain.count();
    };
    await expect.poll(shown, { interval: 30 }).toBe(1);
    isDown = false;
    await tryAgain.click();
    await reveal(page);
  });
});
