import { describe } from "vitest";
import { newLineUserId } from "../../scripts/player-client.ts";
import { grantsOfCard } from "../../scripts/sandbox-grants.ts";
import { messages } from "../../web/liff/text/en.ts";
import { cardPage, reveal, scratch } from "./card-page.ts";
import { CAMPAIGN, it } from "./page-house.ts";
import { holdBack, holdClock, loseAnswer, intercept } from "./phone.ts";

const SETTLED = { interval: 250 };

describe.concurrent("a card's page", () => {
  it("opens with one call, asks for the prize with one at the first touch, redeems with one, and tells how it was scratched", async ({
    house,
    phone,
    expect,
  }) => {
    const { page, calls, origins } = phone;
    const { url, cardId } = house.shelf.take("coupon-50");
    await page.goto(url);
    await cardPage(page).foil.waitFor();
    expect(calls).toEqual(["session"]);

    const asked = page.waitForRequest(/\/reveal$/);
    await scratch(page);
    await cardPage(page).redeem.waitFor();
    expect(calls).toEqual(["session", "reveal"]);
    const { trail } = (await asked).postDataJSON() as { trail: readonly (readonly [number, number])[] };
    expect(trail.length).toBeGreaterThan(0);
    await cardPage(page).heading(messages.won.title).waitFor();

    await cardPage(page).redeem.click();
    await cardPage(page).text(messages.coupon).waitFor();
    expect(calls).toEqual(["session", "reveal", "redeem"]);
    expect(await page.getByText(cardId).count()).toBe(1);
    expect([...origins].sort()).toEqual([house.stack.appOrigin, house.stack.sandboxOrigin].sort());
    await expect.poll(async () => (await house.admin.care(cardId))[0]?.state, SETTLED).toBe("redeemed");
  });

  it("shows a coupon that a till has taken as used", async ({ house, phone, expect }) => {
    const { page } = phone;
    const { url, cardId } = house.shelf.take("coupon-50");
    await page.goto(url);
    await reveal(page);
    await cardPage(page).redeem.click();
    await cardPage(page).text(messages.coupon).waitFor();
    expect(await cardPage(page).text(messages.couponUsed).count()).toBe(0);
    await house.partner.useCoupon(CAMPAIGN, cardId, { store: "Taipei" });
    await page.reload();
    await cardPage(page).text(messages.couponUsed).waitFor();
    expect(await cardPage(page).text(messages.coupon).isVisible()).toBe(false);
  });

  it("shows that a till has taken its coupon while it lies open", async ({ house, phone, expect }) => {
    const { page } = phone;
    const { url, cardId } = house.shelf.take("coupon-50");
    await holdClock(phone);
    await page.goto(url);
    await reveal(page);
    await cardPage(page).redeem.click();
    await cardPage(page).text(messages.coupon).waitFor();
    await page.reload();
    await cardPage(page).text(messages.coupon).waitFor();
    await house.partner.useCoupon(CAMPAIGN, cardId, { store: "Taipei" });
    const used = async () => {
      await page.clock.fastForward("00:20");
      return cardPage(page).text(messages.couponUsed).count();
    };
    await expect.poll(used, SETTLED).toBe(1);
  });

  it("shows a coupon as used that was redeemed in another tab, and taken by a till, before its button was pressed here", async ({
    house,
    phone,
  }) => {
    const { url, cardId } = house.shelf.take("coupon-50");
    const [here, there] = [phone.page, await phone.openTab()];
    await here.goto(url);
    await reveal(here);
    await there.goto(url);
    await cardPage(there).redeem.click();
    await cardPage(there).text(messages.coupon).waitFor();
    await house.partner.useCoupon(CAMPAIGN, cardId, { store: "Taipei" });
    await cardPage(here).redeem.click();
    await cardPage(here).text(messages.couponUsed).waitFor();
  });

  it("gives a code that is the card's own, and copies it", async ({ house, phone, expect }) => {
    const { page, context } = phone;
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const { url, cardId } = house.shelf.take("cafe-code");
    await page.goto(url);
    await reveal(page);
    await cardPage(page).redeem.click();
    await cardPage(page).copy.dblclick();
    await page.getByRole("button", { name: messages.copied }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    await cardPage(page).text(copied).waitFor();
    await expect.poll(async () => (await house.admin.care(cardId))[0]?.code, SETTLED).toBe(copied);
  });

  it("says when points have been granted, which is once", async ({ house, phone, expect }) => {
    const { page } = phone;
    const { url, cardId } = house.shelf.take("points-10");
    await page.goto(url);
    await reveal(page);
    await cardPage(page).redeem.click();
    await cardPage(page).heading(messages.delivery.webhook.granted.title).waitFor();
    expect(await grantsOfCard(house.stack.sandboxOrigin, cardId)).toMatchObject([{ cardId, asked: 1 }]);
  });

  it("says when LINE has sent the stickers", async ({ house, phone }) => {
    const { page } = phone;
    await page.goto(house.shelf.take("sticker").url);
    await reveal(page);
    await cardPage(page).redeem.click();
    await cardPage(page).heading(messages.delivery["line-sticker"].granted.title).waitFor();
  });

  it("thanks for a card without a prize, and asks for no redemption, now or after a reload", async ({ house, phone, expect }) => {
    const { page, calls } = phone;
    await page.goto(house.shelf.take("thanks").url);
    await scratch(page);
    await cardPage(page).heading(messages.thanks.title).waitFor();
    expect(await cardPage(page).redeem.count()).toBe(0);
    await page.reload();
    await cardPage(page).heading(messages.thanks.title).waitFor();
    expect(calls).not.toContain("redeem");
  });

  it("is played with the keyboard alone, and the focus follows what happens", async ({ house, phone, expect }) => {
    const { page, calls } = phone;
    await page.goto(house.shelf.take("cafe-code").url);
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    const tabTo = async (words: string) => {
      await expect
        .poll(async () => {
          await page.keyboard.press("Tab");
          return focused();
        }, SETTLED)
        .toBe(words);
    };
    await tabTo(messages.scratchForMe);
    await page.keyboard.press("Enter");
    await cardPage(page).redeem.waitFor();
    await expect.poll(focused, SETTLED).toContain(messages.won.title);
    await tabTo(messages.redeem);
    await page.keyboard.press("Space");
    await cardPage(page).copy.waitFor();
    await expect.poll(focused, SETTLED).toBe("Coffee code");
    await tabTo(messages.copy);
    expect(calls).toEqual(["session", "reveal", "redeem"]);
  });

  it("keeps its foil until the prize is there, and says so; then what was scratched comes off at once", async ({
    house,
    phone,
    expect,
  }) => {
    const { page } = phone;
    const asked = await holdBack(phone, "reveal");
    await page.goto(house.shelf.take("coupon-50").url);
    await scratch(page);
    await cardPage(page).text(messages.asking).first().waitFor();
    expect(await cardPage(page).foil.isVisible()).toBe(true);
    expect(await cardPage(page).heading(messages.won.title).count()).toBe(0);
    asked.release();
    await cardPage(page).heading(messages.won.title).waitFor();
    expect(await page.locator("canvas.panel__foil").count()).toBe(0);
    expect(asked.held()).toBe(1);
  });

  it("celebrates a win once, and without confetti where less motion is wanted", async ({ house, phone, expect }) => {
    const { page } = phone;
    const confetti = page.locator("body > canvas");
    for (const [reducedMotion, celebrations] of [
      ["no-preference", 1],
      ["reduce", 0],
    ] as const) {
      await page.emulateMedia({ reducedMotion });
      await page.goto(house.shelf.take("coupon-50").url);
      const celebrated = celebrations === 0 ? null : confetti.waitFor({ state: "attached" });
      await reveal(page);
      await celebrated;
      expect(await confetti.count()).toBe(celebrations);
      await page.reload();
      await cardPage(page).redeem.waitFor();
      expect(await confetti.count()).toBe(0);
    }
  });

  it("lets no confetti fall over a coupon that a till is to scan", async ({ house, phone, expect }) => {
    const { page } = phone;
    await page.emulateMedia({ reducedMotion: "no-preference" });
    await page.goto(house.shelf.take("coupon-50").url);
    await reveal(page);
    await page.locator("body > canvas").waitFor({ state: "attached" });
    await cardPage(page).redeem.click();
    await cardPage(page).text(messages.coupon).waitFor();
    expect(await page.locator("body > canvas").count()).toBe(0);
  });

  it("takes presses on a button, however many, for one", async ({ house, phone, expect }) => {
    const { page, calls } = phone;
    const { url, cardId } = house.shelf.take("points-10");
    const [revealing, redeeming] = [await holdBack(phone, "reveal"), await holdBack(phone, "redeem")];
    await page.goto(url);
    await cardPage(page).scratchForMe.dblclick();
    await page.getByRole("button", { name: messages.asking }).click({ clickCount: 3, force: true });
    revealing.release();
    await cardPage(page).redeem.dblclick();
    await cardPage(page).redeeming.click({ clickCount: 3, force: true });
    await page.keyboard.press("Enter");
    redeeming.release();
    await cardPage(page).heading(messages.delivery.webhook.granted.title).waitFor();
    expect(calls.filter((call) => call === "reveal" || call === "redeem")).toEqual(["reveal", "redeem"]);
    expect(await grantsOfCard(house.stack.sandboxOrigin, cardId)).toMatchObject([{ asked: 1 }]);
  });

  it("loses nothing to a reload, at any step", async ({ house, phone, expect }) => {
    const { page } = phone;
    const { url, cardId } = house.shelf.take("cafe-code");
    const { foil, scratchForMe, redeem, redeeming, heading, copy } = cardPage(page);

    const opening = await holdBack(phone, "session");
    await page.goto(url);
    await expect.poll(opening.held, SETTLED).toBe(1);
    await page.reload();
    opening.release();
    await foil.waitFor();
    await page.reload();
    await foil.waitFor();

    await intercept(phone, "reveal", loseAnswer);
    await scratchForMe.click();
    await heading(messages.waiting.trouble.title).waitFor();
    await phone.context.unrouteAll({ behavior: "ignoreErrors" });
    await page.reload();
    await scratchForMe.click();
    await redeem.waitFor();
    await page.reload();
    await redeem.waitFor();
    expect(await foil.count()).toBe(0);

    await intercept(phone, "redeem", loseAnswer);
    await redeem.click();
    await redeeming.waitFor();
    await heading(messages.waiting.trouble.title).waitFor();
    await phone.context.unrouteAll({ behavior: "ignoreErrors" });
    await page.reload();
    await copy.waitFor();
    const code = await page.getByText(/^CAFE-/).textContent();
    await page.reload();
    await cardPage(page)
      .text(code ?? "")
      .waitFor();
    await expect.poll(async () => (await house.admin.care(cardId))[0]?.code, SETTLED).toBe(code);
  });

  it("shows the user's own cards page by page, each once however often more is asked for", async ({ house, phone, expect }) => {
    const { page } = phone;
    const more = Promise.withResolvers<void>();
    const asked: string[] = [];
    await page.route(/\/player\/v1\/campaigns\/[^/]+\/cards(\?|$)/, async (route) => {
      const cursor = new URL(route.request().url()).searchParams.get("cursor") ?? "";
      asked.push(cursor);
      if (cursor !== "") await more.promise;
      await route.fulfill({ json: { cards: [{ cardId: `card-${cursor}`, state: "issued" }], next: cursor === "" ? "second" : null } });
    });
    await page.goto(`${house.stack.appOrigin}/c/${CAMPAIGN}`);
    await page.getByRole("button", { name: messages.ownCards.title }).click();
    const next = page.getByRole("button", { name: messages.ownCards.more });
    await next.dblclick();
    await next.click({ clickCount: 3, force: true });
    more.resolve();
    await next.waitFor({ state: "detached" });
    expect(await page.getByRole("dialog").getByRole("listitem").count()).toBe(2);
    expect(asked).toEqual(["", "second"]);
    // The button that had the focus is gone: the first of the cards that it brought has it.
    expect(await page.locator(":focus").getAttribute("href")).toContain("card-second");
  });

  it("that was redeemed is not taken for one to be scratched while it opens again", async ({ house, phone, expect }) => {
    const { page } = phone;
    await page.goto(house.shelf.take("coupon-50").url);
    await reveal(page);
    await cardPage(page).redeem.click();
    await cardPage(page).text(messages.coupon).waitFor();
    const asked = await holdBack(phone, "reveal");
    await page.reload();
    await expect.poll(asked.held, SETTLED).toBe(1);
    await cardPage(page).text(messages.opening).waitFor();
    expect(await cardPage(page).text(messages.asking).count()).toBe(0);
    asked.release();
    await cardPage(page).text(messages.coupon).waitFor();
  });

  it("is played in the oldest browsers that it is built for", async ({ house, phone }) => {
    const { page } = phone;
    // What Chrome 100 or Safari 15.4 has not.
    await page.addInitScript(() => {
      Reflect.deleteProperty(AbortSignal, "timeout");
      Reflect.deleteProperty(CanvasRenderingContext2D.prototype, "roundRect");
    });
    await page.goto(house.shelf.take("coupon-50").url);
    await scratch(page);
    await cardPage(page).redeem.click();
    await cardPage(page).text(messages.coupon).waitFor();
  });

  it("is played where the browser lets it read and keep nothing", async ({ house, phone }) => {
    const { page } = phone;
    await page.addInitScript(() => {
      for (const name of ["getItem", "setItem"] as const) {
        const allowed = Storage.prototype[name] as (key: string, ...rest: unknown[]) => never;
        // What LINE's own script keeps is LINE's affair.
        Storage.prototype[name] = function (this: Storage, key: string, ...rest: unknown[]) {
          if (key.startsWith("kuji.")) throw new DOMException("denied", "SecurityError");
          return allowed.call(this, key, ...rest);
        };
      }
    });
    await page.goto(`${house.shelf.take("coupon-50").url}?as=${newLineUserId()}`);
    await reveal(page);
    await cardPage(page).redeem.click();
    await cardPage(page).text(messages.coupon).waitFor();
  });

  it("shows the same prize in two tabs of one card, and redeems it once", async ({ house, phone, expect }) => {
    const { url, cardId } = house.shelf.take("points-10");
    const tabs = [phone.page, await phone.openTab(), await phone.openTab()];
    await Promise.all(tabs.map((tab) => tab.goto(url)));
    await Promise.all(tabs.map((tab) => cardPage(tab).scratchForMe.click()));
    await Promise.all(tabs.map((tab) => cardPage(tab).heading("10 points").first().waitFor()));
    await Promise.all(tabs.slice(0, 2).map((tab) => cardPage(tab).redeem.click()));
    for (const tab of tabs.slice(0, 2)) await cardPage(tab).heading(messages.delivery.webhook.granted.title).waitFor();
    // The third still offers what the others have redeemed.
    await tabs[2]?.bringToFront();
    await cardPage(tabs[2] ?? phone.page).redeem.click();
    await cardPage(tabs[2] ?? phone.page)
      .heading(messages.delivery.webhook.granted.title)
      .waitFor();
    expect(await grantsOfCard(house.stack.sandboxOrigin, cardId)).toMatchObject([{ cardId, asked: 1 }]);
  });

  it("redeems after a night in which its session ended", async ({ house, phone, expect }) => {
    const { page, calls } = phone;
    await holdClock(phone);
    await page.goto(house.shelf.take("coupon-50").url);
    await reveal(page);
    // As the server sees one that has ended: it knows it no more.
    const expiresAtMs = await page.evaluate((key) => {
      const session = JSON.parse(sessionStorage.getItem(key) ?? "null") as { token: string; expiresAtMs: number };
      sessionStorage.setItem(key, JSON.stringify({ ...session, token: session.token.slice(0, -8) }));
      return session.expiresAtMs;
    }, `kuji.session.${CAMPAIGN}`);
    await page.clock.fastForward(expiresAtMs - Date.now());
    await cardPage(page).redeem.click();
    await cardPage(page).text(messages.coupon).waitFor();
    expect(calls).toEqual(["session", "reveal", "redeem", "session", "redeem"]);
  });
});

describe.concurrent("the deck", () => {
  it("deals a card with one call, again the same after a reload before the answer, and back and forward lead where they should", async ({
    house,
    phone,
    expect,
  }) => {
    const { page, calls } = phone;
    const user = newLineUserId();
    const deck = `${house.stack.appOrigin}/c/${CAMPAIGN}?as=${user}`;
    await page.goto(deck);
    await cardPage(page).draw.waitFor();
    expect(calls).toEqual(["session"]);
    await intercept(phone, "play", loseAnswer);
    await cardPage(page).draw.dblclick();
    await cardPage(page).heading(messages.waiting.trouble.title).waitFor();
    await phone.context.unrouteAll({ behavior: "ignoreErrors" });
    await page.reload();
    await cardPage(page).draw.dblclick();
    await cardPage(page).foil.waitFor();
    const card = page.url();
    expect(card).toContain(`/c/${CAMPAIGN}/`);
    await expect.poll(async () => (await house.admin.care(user)).length, SETTLED).toBe(1);

    await cardPage(page).scratchForMe.click();
    await cardPage(page).another.click();
    await cardPage(page).draw.waitFor();
    await page.goBack();
    await cardPage(page).heading(messages.thanks.title).waitFor();
    expect(page.url()).toBe(card);
    await page.goForward();
    await cardPage(page).draw.click();
    await cardPage(page).foil.waitFor();
    await expect.poll(async () => (await house.admin.care(user)).length, SETTLED).toBe(2);
  });
});
