import { join } from "node:path";
import axe from "axe-core";
import type { AxeResults, RunOptions } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { openBrowser } from "../../scripts/browser.ts";
import { ROOT } from "../../scripts/wrangler.ts";
import { openScene, SCENES } from "../../web/liff/screens.ts";
import { faintTexts } from "./contrast.ts";

/** Built for all tests of the whole stack. */
const DIST = join(ROOT, "web/dist");
/** What WCAG 2.2 AA asks, and what axe holds for good practice. */
const RULES: RunOptions = { resultTypes: ["violations"] };

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

/** What axe finds, a line each. */
async function violationsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults, RunOptions>(
    (options) => (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run(options),
    RULES,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`));
}

describe.concurrent("nobody is shut out, in the light or in the dark, of", () => {
  it.for(SCENES)("$name", async (scene, { expect }) => {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: "en", reducedMotion: "reduce" });
    const page = await context.newPage();
    await openScene(page, DIST, scene);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const found = { colorScheme, violations: await violationsOf(page), faint: await faintTexts(page) };
      expect(found).toEqual({ colorScheme, violations: [], faint: [] });
    }
    await context.close();
  });
});
