import chromium from "@sparticuz/chromium";
import { chromium as playwright } from "playwright-core";
import type { Browser } from "playwright-core";

/** The first ends the browser with its first closed page; the others let a page do what no user's browser lets it. */
const UNWANTED = ["--single-process", "--disable-web-security", "--allow-running-insecure-content"];

/** A headless Chromium out of an npm package: none needs to be installed. It draws without a graphics card; to imitate one takes ten times as long. */
export async function openBrowser(): Promise<Browser> {
  chromium.setGraphicsMode = false;
  const args = chromium.args.filter((arg) => !UNWANTED.includes(arg));
  return await playwright.launch({ executablePath: await chromium.executablePath(), args });
}
