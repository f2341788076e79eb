import type { Page } from "playwright-core";
import { describe } from "vitest";
import { messages } from "../../web/liff/text/en.ts";
import { cardPage, scratch } from "./card-page.ts";
import { it } from "./page-house.ts";
import { holdBack, intercept, openPhone } from "./phone.ts";
import type { CallName, Phone } from "./phone.ts";

/** A shift this soon after an input is taken for its answer (Layout Instability), and not counted. */
const INPUT_MS = 500;

const SCREENS = {
  "a phone": { width: 390, height: 844 },
  "a tablet": { width: 820, height: 1_180 },
  "a desktop": { width: 1_280, height: 800 },
  "a large desktop": { width: 1_920, height: 1_080 },
} as const;

/** What has moved on the page without its user's doing, as Chromium counts it: how much, what, and from where to where. */
async function shiftsOf(page: Page): Promise<readonly string[]> {
  const shifts = await page.evaluate(() => (globalThis as unknown as { shifts: readonly { value: number; moved: string }[] }).shifts);
  return shifts.map(({ value, moved }) => `${value}: ${moved}`);
}

/** The DOM's own types know it not yet: https://wicg.github.io/layout-instability/#sec-layout-shift */
interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
  readonly sources: readonly {
    readonly node: Node | null;
    readonly previousRect: DOMRectReadOnly;
    readonly currentRect: DOMRectReadOnly;
  }[];
}

/** Runs in the page, before its scripts. What has moved may be gone by the time somebody asks. */
function watchShifts(): void {
  const shifts: { value: number; moved: string }[] = [];
  Object.assign(globalThis, { shifts });
  const placeOf = ({ x, y, width, height }: DOMRectReadOnly) => `${x},${y} ${width}×${height}`;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources, startTime } of list.getEntries() as LayoutShift[]) {
      if (hadRecentInput) continue;
      const moved = sources.map(({ node, previousRect, currentRect }) => {
        const element = node instanceof Element ? node : node?.parentElement;
        return `${element?.outerHTML} from ${placeOf(previousRect)} to ${placeOf(currentRect)}`;
      });
      shifts.push({ value, moved: `after ${startTime} ms: ${moved.join("; ")}` });
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/** Lets a call be refused once, for a second; the next one is answered when the page was seen to wait. */
async function refuseOnce(phone: Phone, call: CallName): Promise<{ readonly seen: () => void }> {
  const gate = Promise.withResolvers<void>();
  let isFirst = true;
  await intercept(phone, call, async (route) => {
    if (!isFirst) {
      await gate.promise;
      return route.fallback();
    }
    isFirst = false;
    return route.fulfill({ status: 503, headers: { "retry-after": "1" }, json: { code: "overloaded", status: 503 } });
  });
  return { seen: gate.resolve };
}

describe.concurrent("nothing moves by itself", () => {
  it.for(Object.entries(SCREENS))("on %s, from the opening over two waits to the reward", async ([, viewport], { house, expect }) => {
    const phone = await openPhone(house.browser, { viewport });
    const { page } = phone;
    await page.addInitScript(watchShifts);
    const recess = page.locator(".panel").first();
    const { foil, redeem, redeeming, heading, text } = cardPage(page);
    const [busy, full] = [await refuseOnce(phone, "session"), await refuseOnce(phone, "reveal")];
    const opening = await holdBack(phone, "session");
    const redemption = await holdBack(phone, "redeem");

    await page.goto(house.shelf.take("coupon-50").url);
    await text(messages.opening).waitFor();
    const place = await recess.boundingBox();
    opening.release();
    await heading(messages.waiting.busy.title).waitFor();
    expect(await recess.boundingBox()).toEqual(place);
    busy.seen();
    await foil.waitFor();
    expect(await recess.boundingBox()).toEqual(place);
    await page.getByRole("heading", { name: messages.prizes }).waitFor();
    await scratch(page);
    await heading(messages.waiting.busy.title).waitFor();
    full.seen();
    await redeem.waitFor();
    expect(await recess.boundingBox()).toEqual(place);
    await redeem.click();
    await redeeming.waitFor();
    await page.waitForTimeout(INPUT_MS);
    redemption.release();
    await text(messages.coupon).waitFor();
    await page.getByRole("img", { name: "QR" }).waitFor();
    expect(await shiftsOf(page)).toEqual([]);
    expect(phone.faults).toEqual([]);
    await phone.close();
  });
});
