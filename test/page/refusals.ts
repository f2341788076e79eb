import { describe } from "vitest";
import { callJson } from "../../scripts/api-call.ts";
import { drawOne } from "../../scripts/draw.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { newLineUserId, PlayerClient } from "../../scripts/player-client.ts";
import { silent } from "../../scripts/terminal.ts";
import { messages } from "../../web/liff/text/en.ts";
import { cardPage, reveal } from "./card-page.ts";
import { CAMPAIGN, it } from "./page-house.ts";
import { holdClock, intercept, setServerClock } from "./phone.ts";

const SETTLED = { interval: 250 };
const CHANNEL = "2000000000";
const DAY_MS = 24 * 3_600_000;

describe.concurrent("the page says kindly", () => {
  it("that a campaign, or a card, is not known", async ({ house, phone }) => {
    const { page } = phone;
    await page.goto(`${house.stack.appOrigin}/c/no-such-campaign`);
    await cardPage(page).heading(messages.closed.campaign_not_found.title).waitFor();
    await page.goto(`${house.stack.appOrigin}/c/${CAMPAIGN}/AQABAAAAAAGBX0sM3xPgp4CQdFrNZnn3`);
    await cardPage(page).heading(messages.closed.card_not_found.title).waitFor();
  });

  it("that a card is somebody else's, in the same words", async ({ house, phone, expect }) => {
    const { url, cardId } = house.shelf.take("coupon-50");
    const owner = await PlayerClient.signIn(house.stack, CAMPAIGN, { sub: newLineUserId(), name: "Kuji", channelId: CHANNEL });
    await owner.reveal(cardId);
    const { page } = phone;
    await page.goto(url);
    await cardPage(page).scratchForMe.click();
    await cardPage(page).heading(messages.closed.card_not_found.title).waitFor();
    expect(await page.getByText("NT$50 off").count()).toBe(0);
  });

  it("that a card is void, and puts the focus on it", async ({ house, phone, expect }) => {
    const { url, cardId } = house.shelf.take("coupon-50");
    await house.partner.void(CAMPAIGN, cardId, "test");
    await phone.page.goto(url);
    await cardPage(phone.page).scratchForMe.click();
    await cardPage(phone.page).heading(messages.closed.card_voided.title).waitFor();
    const focused = phone.page.locator(":focus");
    expect(await focused.textContent()).toBe(messages.closed.card_voided.title);
  });

  it("that a campaign has not begun, and from when on", async ({ house, phone }) => {
    const { page } = phone;
    const early = Date.now() - 2 * DAY_MS;
    await holdClock(phone, early);
    await setServerClock(phone, early);
    await page.goto(`${house.stack.appOrigin}/c/${CAMPAIGN}`);
    await cardPage(page).heading(messages.notStarted("").title).waitFor();
  });

  it("that a campaign has ended; a card that was drawn plays on", async ({ house, phone }) => {
    const { page } = phone;
    const late = Date.now() + 40 * DAY_MS;
    await holdClock(phone, late);
    await setServerClock(phone, late);
    await page.goto(`${house.stack.appOrigin}/c/${CAMPAIGN}`);
    await cardPage(page).heading(messages.refusals.ended.title).waitFor();
    await page.goto(house.shelf.take("coupon-50").url);
    await reveal(page);
  });

  it.for([
    ["behind", -2 * DAY_MS],
    ["ahead", 40 * DAY_MS],
  ] as const)("nothing, and deals, where the phone's clock is days %s", async ([, offMs], { house, phone }) => {
    const { page } = phone;
    await holdClock(phone, Date.now() + offMs);
    await page.goto(`${house.stack.appOrigin}/c/${CAMPAIGN}`);
    await cardPage(page).draw.click();
    await cardPage(page).foil.waitFor();
  });

  it("from when on cards are dealt, where a phone's clock was ahead and the server refused", async ({ house, phone, expect }) => {
    const { page } = phone;
    await intercept(phone, "play", async (route) => {
      const answer = await route.fetch();
      expect(Math.abs(Date.parse(answer.headers()["date"] ?? "") - Date.now())).toBeLessThan(DAY_MS);
      await route.fulfill({ json: { status: "not_open" }, headers: { date: new Date(Date.now() - 2 * DAY_MS).toUTCString() } });
    });
    await page.goto(`${house.stack.appOrigin}/c/${CAMPAIGN}`);
    await cardPage(page).draw.click();
    await cardPage(page).heading(messages.notStarted("").title).waitFor();
    await page.getByRole("timer").waitFor();
  });

  it("that LINE's word for the user is too old; opened again, the card is there", async ({ house, phone, expect }) => {
    const { page, context } = phone;
    const { sandboxOrigin } = house.stack;
    const { idToken } = await callJson<{ idToken: string }>(`${sandboxOrigin}/sandbox/id-token`, {
      method: "POST",
      body: { sub: newLineUserId(), channelId: CHANNEL, expiresIn: -60 },
    });
    await context.route(`${sandboxOrigin}/sandbox/id-token`, (route) =>
      route.fulfill({ json: { idToken }, headers: { "access-control-allow-origin": "*" } }),
    );
    const { url } = house.shelf.take("coupon-50");
    await page.goto(url);
    await cardPage(page).heading(messages.outside.token_refused.title).waitFor();
    const open = page.getByRole("link", { name: messages.openInLine });
    expect(await open.getAttribute("href")).toBe(`https://liff.line.me/${CHANNEL}-abcdefgh${new URL(url).pathname}`);
    await context.unrouteAll();
    await page.reload();
    await reveal(page);
  });
});

/** In this order: each leaves the campaign as the next one needs it. */
describe("a small campaign", () => {
  const id = "small";
  const settings = { limits: { perRecipient: 1 }, fallback: undefined, cardTtlHours: 1 / 3_600 };

  it("says that a card has expired", async ({ house, phone, expect }) => {
    await openMadeCampaign(house.stack, house.admin, silent, { id, settings, stock: new Map([["coupon-50", 2]]) });
    const { url, cardId } = await drawOne(house.partner, id);
    await expect.poll(async () => (await house.partner.card(id, cardId)).state, SETTLED).toBe("expired");
    await phone.page.goto(url);
    await cardPage(phone.page).scratchForMe.click();
    await cardPage(phone.page).heading(messages.closed.card_expired.title).waitFor();
  });

  it("says that somebody has had all their draws", async ({ house, phone, expect }) => {
    const { page } = phone;
    const deck = `${house.stack.appOrigin}/c/${id}`;
    // The focus goes from the button that is gone to what came of it.
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    await page.goto(deck);
    await cardPage(page).draw.press("Enter");
    await cardPage(page).foil.waitFor();
    await expect.poll(focused, SETTLED).toBe(messages.scratchForMe);
    await page.goto(deck);
    await cardPage(page).draw.press("Enter");
    await cardPage(page).heading(messages.refusals.limit_reached.title).waitFor();
    await expect.poll(focused, SETTLED).toBe(messages.refusals.limit_reached.title);
  });

  it("says that all cards have been drawn", async ({ house, phone }) => {
    await phone.page.goto(`${house.stack.appOrigin}/c/${id}`);
    await cardPage(phone.page).draw.click();
    await cardPage(phone.page).heading(messages.refusals.sold_out.title).waitFor();
  });

  it("says that it takes a break while it is paused, and deals again when it goes on", async ({ house, phone, expect }) => {
    const { page } = phone;
    const told = async () => {
      await page.goto(`${house.stack.appOrigin}/c/${id}`);
      await cardPage(page).draw.click();
      await page.getByRole("heading", { level: 2 }).first().waitFor();
      return page.getByRole("heading", { level: 2 }).first().textContent();
    };
    await house.admin.changeStatus(id, "pause");
    await expect.poll(told, SETTLED).toBe(messages.refusals.not_open.title);
    await house.admin.changeStatus(id, "resume");
    await expect.poll(told, SETTLED).toBe(messages.refusals.sold_out.title);
  });
});
