import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openBrowser } from "../../scripts/browser.ts";
import { ROOT } from "../../scripts/wrangler.ts";
import { openScene, SCENES } from "../../web/liff/screens.ts";
import { LANGUAGES } from "../../web/liff/text/language.ts";
import { cutTexts } from "./whole.ts";

/** Built for all tests of the whole stack. */
const DIST = join(ROOT, "web/dist");
const LYING = [
  { width: 667, height: 375 },
  { width: 844, height: 390 },
] as const;
/** A small phone, and a usual one at 200 % (WCAG 2.2, 1.4.4). Each scene is opened once, and then made narrower. */
const SCREENS = [
  { width: 320, height: 568 },
  { width: 195, height: 422 },
] as const;

/** What is scratched, or pressed. */
const WANTED = ".panel__foil, .button--main, .sound";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

describe.concurrent("every word can be read, on a small phone and at 200 %, of", () => {
  it.for(SCENES)("$name", { timeout: 240_000 }, async (scene, { expect }) => {
    for (const locale of LANGUAGES) {
      const context = await browser.newContext({ viewport: SCREENS[0], locale, reducedMotion: "reduce" });
      const page = await context.newPage();
      await openScene(page, DIST, scene);
      for (const viewport of SCREENS) {
        await page.setViewportSize(viewport);
        await settled(page);
        const { scrollWidth, clientWidth } = await page.evaluate(() => ({
          scrollWidth: document.documentElement.scrollWidth,
          clientWidth: document.documentElement.clientWidth,
        }));
        expect({ locale, ...viewport, sideways: scrollWidth - clientWidth, cut: await cutTexts(page) }).toEqual({
          locale,
          ...viewport,
          sideways: 0,
          cut: [],
        });
      }
      await context.close();
    }
  });
});

describe.concurrent("a phone on its side shows whole what is scratched or pressed", () => {
  it.for(["covered", "holding", "won", "redeeming", "thanks", "lobby"])("%s", { timeout: 240_000 }, async (name, { expect }) => {
    const scene = SCENES.find((one) => one.name === name);
    if (scene === undefined) throw new Error(`there is no scene ${name}`);
    for (const locale of LANGUAGES) {
      const context = await browser.newContext({ viewport: LYING[0], locale, reducedMotion: "reduce" });
      const page = await context.newPage();
      await openScene(page, DIST, scene);
      for (const viewport of LYING) {
        await page.setViewportSize(viewport);
        await settled(page);
        const places = await page.locator(WANTED).evaluateAll((all) => all.map((one) => Math.floor(one.getBoundingClientRect().bottom)));
        expect(places.filter((bottom) => bottom > viewport.height)).toEqual([]);
        expect({ locale, cut: await cutTexts(page) }).toEqual({ locale, cut: [] });
      }
      await context.close();
    }
  });
});

/** What fits itself to its place does so before the second frame. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}
