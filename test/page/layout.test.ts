import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openBrowser } from "../../scripts/browser.ts";
import { ROOT } from "../../scripts/wrangler.ts";
import { openScene, SCENES, type Scene } from "../../web/liff/screens.ts";
import { LANGUAGES } from "../../web/liff/text/language.ts";
import { cutTexts } from "./whole.ts";

/** Built for all tests of the whole stack. */
const DIST = join(ROOT, "web/dist");
const LYING = [
  { width: 667, height: 375 },
  { width: 844, height: 390 },
] as const;
const OUTLINED = [
  { width: 320, height: 568 },
  { width: 390, height: 844 },
  ...LYING,
  { width: 768, height: 1_024 },
  { width: 1_280, height: 800 },
  { width: 1_920, height: 1_080 },
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

describe.concurrent("every word can be read, and no picture is broken, on a small phone and at 200 %, of", () => {
  it.for(SCENES)("$name", async (scene, { expect }) => {
    for (const locale of LANGUAGES) {
      const context = await browser.newContext({ viewport: SCREENS[0], locale, reducedMotion: "reduce" });
      const page = await context.newPage();
      await openScene(page, DIST, scene);
      for (const viewport of SCREENS) {
        await page.setViewportSize(viewport);
        await settled(page);
        const found = { ...(await page.evaluate(readPage)), cut: await cutTexts(page) };
        expect({ locale, ...viewport, ...found }).toEqual({ locale, ...viewport, sideways: 0, brokenPictures: [], cut: [] });
      }
      await context.close();
    }
  });
});

describe.concurrent("a phone on its side shows whole what is scratched or pressed", () => {
  it.for(["covered", "holding", "won", "redeeming", "thanks", "lobby"])("%s", async (name, { expect }) => {
    for (const locale of LANGUAGES) {
      const context = await browser.newContext({ viewport: LYING[0], locale, reducedMotion: "reduce" });
      const page = await context.newPage();
      await openScene(page, DIST, sceneOf(name));
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

describe.concurrent("a phone on its side shows a till the whole code of a coupon", () => {
  it.for(["reward-coupon", "reward-coupon-expiring", "reward-priced"])("%s", async (name, { expect }) => {
    for (const locale of LANGUAGES) {
      const context = await browser.newContext({ viewport: LYING[0], locale, reducedMotion: "reduce" });
      const page = await context.newPage();
      await openScene(page, DIST, sceneOf(name));
      for (const viewport of [...LYING, { width: 640, height: 340 }, { width: 568, height: 320 }]) {
        await page.setViewportSize(viewport);
        await settled(page);
        const { top, bottom, width } = await page.locator(".coupon .qr").evaluate((code) => code.getBoundingClientRect());
        expect({ locale, ...viewport, isWhole: top >= 0 && bottom <= viewport.height, isLarge: width >= 120 }).toMatchObject({
          isWhole: true,
          isLarge: true,
        });
        expect({ locale, ...viewport, cut: await cutTexts(page) }).toMatchObject({ cut: [] });
      }
      await context.close();
    }
  });
});

describe.concurrent("the card lies where its outline was, from the opening to the win", () => {
  it.for(LANGUAGES)("%s", async (locale, { expect }) => {
    for (const states of [
      ["opening", "opening-busy", "covered", "holding", "won-expiring"],
      ["opening-long", "covered-long", "holding-busy-long", "won-priced"],
    ]) {
      const places: (readonly Place[])[] = [];
      for (const name of states) {
        const context = await browser.newContext({ viewport: OUTLINED[0], locale, reducedMotion: "reduce" });
        const page = await context.newPage();
        await openScene(page, DIST, sceneOf(name));
        const seen: Place[] = [];
        for (const viewport of OUTLINED) {
          await page.setViewportSize(viewport);
          seen.push(await placeOfPanel(page));
        }
        places.push(seen);
        await context.close();
      }
      for (const [i, seen] of places.entries()) expect({ state: states[i], seen }).toEqual({ state: states[i], seen: places[0] });
    }
  });
});

describe.concurrent("words are set as they are read", () => {
  it("from right to left, with the last mark at their left end", async ({ expect }) => {
    const page = await browser.newPage({ locale: "en" });
    await openScene(page, DIST, sceneOf("covered-right-to-left"));
    const places = await page.evaluate(() =>
      [...document.querySelectorAll(".band__title, .band__intro, .prizes__name")].map(({ firstChild }) => {
        const lefts = [0, (firstChild?.textContent?.length ?? 0) - 1].map((at) => {
          const range = document.createRange();
          if (firstChild !== null) range.setStart(firstChild, at);
          if (firstChild !== null) range.setEnd(firstChild, at + 1);
          return range.getBoundingClientRect().left;
        });
        return (lefts[0] ?? 0) > (lefts[1] ?? 0) ? "right to left" : firstChild?.textContent;
      }),
    );
    expect(places.length).toBeGreaterThan(2);
    expect(new Set(places)).toEqual(new Set(["right to left"]));
    await page.close();
  });

  it("a coupon's long number in lines of one length, and copied in one piece", async ({ expect }) => {
    const page = await browser.newPage({ viewport: SCREENS[0], locale: "en" });
    await openScene(page, DIST, sceneOf("reward-priced"));
    const number = page.locator(".coupon__number");
    const widths = await number.evaluate((shown) => {
      const range = document.createRange();
      range.setStartAfter(shown.firstElementChild ?? shown);
      range.setEndAfter(shown.lastChild ?? shown);
      const lines = new Map<number, number>();
      for (const { top, width } of range.getClientRects()) lines.set(top, (lines.get(top) ?? 0) + width);
      return [...lines.values()].filter((width) => width > 8);
    });
    expect(Math.min(...widths)).toBeGreaterThan(Math.max(...widths) * 0.7);
    expect(await number.innerText()).toMatch(/\n[A-Za-z0-9]{32}$/);
    await page.close();
  });
});

describe.concurrent("where the system's colours take the place of ours, an edge is left of", () => {
  it.for(["covered", "won", "redeeming", "reward-coupon", "lobby"])("%s", async (name, { expect }) => {
    const context = await browser.newContext({ viewport: SCREENS[0], locale: "en", reducedMotion: "reduce", forcedColors: "active" });
    const page = await context.newPage();
    await openScene(page, DIST, sceneOf(name));
    const [edges, codes] = await page.evaluate(() => [
      [...document.querySelectorAll(".button, .ticket, .deck__top")].map((one) => getComputedStyle(one).borderTopStyle),
      [...document.querySelectorAll(".qr")].map((one) => [getComputedStyle(one).backgroundColor, getComputedStyle(one).fill]),
    ]);
    expect(new Set(edges)).toEqual(new Set(["solid"]));
    expect(codes).toEqual(codes.map(() => ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]));
    await context.close();
  });
});

/** Where the panel is on the page, and how high its card, in whole pixels. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly card: number;
}

async function placeOfPanel(page: Page): Promise<Place> {
  const { panel, card } = await page.evaluate(() => {
    scrollTo(0, 0);
    return {
      panel: document.querySelector(".panel")?.getBoundingClientRect().toJSON() as DOMRect,
      card: document.querySelector(".ticket")?.getBoundingClientRect().height ?? 0,
    };
  });
  const [x, y, width, height] = [panel.x, panel.y, panel.width, panel.height].map(Math.round) as [number, number, number, number];
  return { x, y, width, height, card: Math.round(card) };
}

function sceneOf(name: string): Scene {
  const scene = SCENES.find((one) => one.name === name);
  if (scene === undefined) throw new Error(`there is no scene ${name}`);
  return scene;
}

/** Runs in the page: how far it scrolls to the side, and which pictures the browser shows as broken. */
function readPage() {
  const { scrollWidth, clientWidth } = document.documentElement;
  const broken = [...document.images].filter(({ complete, naturalWidth }) => complete && naturalWidth === 0);
  return { sideways: scrollWidth - clientWidth, brokenPictures: broken.map(({ src }) => src) };
}

/** What fits itself to its place does so before the second frame. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}
