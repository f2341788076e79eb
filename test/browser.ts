import chromium from "@sparticuz/chromium";
import { chromium as playwright } from "playwright-core";
import type { Browser } from "playwright-core";

/** A headless Chromium out of an npm package: none needs to be installed. `--single-process` dies with its first closed page. */
export async function openBrowser(): Promise<Browser> {
  const args = chromium.args.filter((arg) => arg !== "--single-process");
  return await playwright.launch({ executablePath: await chromium.executablePath(), args });
}
