/** Pictures of every state of the page, and of each device's a contact sheet. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { build } from "vite";
import { mapAtOnce } from "../../scripts/at-once.ts";
import { openBrowser } from "../../scripts/browser.ts";
import { openTerminal } from "../../scripts/terminal.ts";
import { contactSheet, type Picture } from "./contact-sheet.ts";
import { openScene, SCENES, type Scene } from "./screens.ts";

const USAGE = `npm run screens [-- pattern …]
  Takes a picture of every state of the page on every device into web/liff/screens/, as <state>.<device>.png, and makes a contact sheet of each device's.
  With patterns, only pictures whose names match one of them, and no sheets: npm run screens -- '^covered' 'dark$'`;
const SCREENS = join(import.meta.dirname, "screens");
/** The confetti is in the air by then. */
const MOTION_MS = 1_200;
/** More pages at once would only wait for each other. */
const PAGES_AT_ONCE = 4;

const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, colorScheme: "light", hasTouch: true } as const;
const DEVICES: Readonly<Record<string, BrowserContextOptions>> = {
  phone: { ...phone, locale: "zh-TW" },
  "phone-dark": { ...phone, locale: "zh-TW", colorScheme: "dark" },
  "phone-small": { ...phone, locale: "zh-TW", viewport: { width: 320, height: 568 } },
  "phone-landscape": { ...phone, locale: "zh-TW", viewport: { width: 844, height: 390 } },
  "phone-en": { ...phone, locale: "en" },
  "phone-ja": { ...phone, locale: "ja" },
  "phone-th": { ...phone, locale: "th" },
  tablet: { viewport: { width: 820, height: 1180 }, deviceScaleFactor: 1, locale: "zh-TW", hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1, locale: "zh-TW" },
  "desktop-large": { viewport: { width: 1920, height: 1080 }, deviceScaleFactor: 1, locale: "zh-TW" },
};

const { values, positionals: patterns } = parseArgs({
  allowPositionals: true,
  options: { help: { type: "boolean", short: "h", default: false } },
});
if (values.help) console.log(USAGE);
else await takeAll();

async function takeAll(): Promise<void> {
  const terminal = openTerminal();
  const wanted = (name: string) => patterns.length === 0 || patterns.some((pattern) => new RegExp(pattern).test(name));
  const pictures = Object.keys(DEVICES).flatMap((device) =>
    SCENES.map((scene) => ({ scene, device, name: `${scene.name}.${device}` })).filter(({ name }) => wanted(name)),
  );
  const dist = await mkdtemp(join(tmpdir(), "kuji-screens-"));
  await mkdir(SCREENS, { recursive: true });
  await terminal.step("the page is built", () =>
    build({ configFile: join(import.meta.dirname, "vite.config.ts"), mode: "development", logLevel: "error", build: { outDir: dist } }),
  );
  const browser = await openBrowser();
  try {
    let taken = 0;
    const shots = await mapAtOnce(pictures, PAGES_AT_ONCE, async ({ scene, device, name }) => {
      const shot = await take(browser, dist, scene, device, (fault) => terminal.say(`  ${name}: ${fault}`));
      await writeFile(join(SCREENS, `${name}.png`), shot);
      taken += 1;
      terminal.progress("pictures", taken, pictures.length);
      return { device, title: scene.name, shot };
    });
    if (patterns.length > 0) return;
    for (const [device, sheet] of Map.groupBy(shots, (shot) => shot.device)) await printSheet(browser, device, sheet);
    terminal.say(`  Look at web/liff/screens/sheet-${Object.keys(DEVICES)[0]}.webp and the others beside it.`);
  } finally {
    await browser.close();
    await rm(dist, { recursive: true });
  }
}

async function take(browser: Browser, dist: string, scene: Scene, device: string, onFault: (fault: string) => void): Promise<Buffer> {
  const context = await browser.newContext({ ...DEVICES[device], reducedMotion: scene.moves ? "no-preference" : "reduce" });
  try {
    const page = await context.newPage();
    page.on("pageerror", (error) => onFault(error.message));
    await openScene(page, dist, scene);
    if (scene.moves) await page.waitForTimeout(MOTION_MS);
    await page.waitForFunction(() => document.fonts.status === "loaded");
    return await page.screenshot({ fullPage: device !== "desktop" });
  } finally {
    await context.close();
  }
}

async function printSheet(browser: Browser, device: string, pictures: readonly Picture[]): Promise<void> {
  await writeFile(join(SCREENS, `sheet-${device}.webp`), await contactSheet(browser, device, pictures));
}
