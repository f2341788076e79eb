import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { runCommand } from "../../scripts/wrangler.ts";
import { messages } from "../../web/liff/text/en.ts";
import { cardPage } from "./card-page.ts";
import { it } from "./page-house.ts";
import type { PageHouse } from "./page-house.ts";
import { holdClock } from "./phone.ts";
import type { Phone } from "./phone.ts";

const LEAP = { interval: 100 };
const LEAP_MS = 2_000;
const BOOT = /<script type="application\/json" id="kuji-boot">[^<]*<\/script>/;

/** LINE's hosts: https://developers.line.biz/en/docs/liff/ */
const OF_LINE = /^https:\/\/(?:[a-z0-9-]+\.)*(?:line\.me|line-scdn\.net|line-apps\.com)\//;
const CONTEXT_TOKEN = `e30.${Buffer.from("{}").toString("base64url")}.`;

/**
 * Serves the page as it is deployed, with LINE's own SDK, in the place of the development page, and plays LINE to it: the context of a browser that LINE
 * knows nothing of, and a login. Gives the addresses outside of the app that were asked for.
 */
async function deploy({ context }: Phone, { stack }: PageHouse, dist: string): Promise<readonly string[]> {
  const asked: string[] = [];
  await context.route(
    ({ origin, protocol }) => protocol.startsWith("http") && origin !== stack.appOrigin,
    async (route) => {
      asked.push(route.request().url());
      await route.fulfill({
        headers: { "access-control-allow-origin": "*", "access-control-allow-headers": "*" },
        json: { contextToken: CONTEXT_TOKEN },
      });
    },
  );
  await context.route(`${stack.appOrigin}/c/**`, async (route) => {
    const response = await route.fetch();
    const [boot = ""] = BOOT.exec(await response.text()) ?? [];
    const html = await readFile(join(dist, "index.html"), "utf8");
    const policy = response.headers()["content-security-policy"] ?? "";
    await route.fulfill({
      response,
      headers: { ...response.headers(), "content-security-policy": policy.replaceAll(` ${stack.sandboxOrigin}`, "") },
      body: html.replace("</head>", () => `${boot.replace(/,"sandboxOrigin":"[^"]*"/, "")}</head>`),
    });
  });
  await context.route(`${stack.appOrigin}/assets/**`, (route) =>
    route.fulfill({ path: join(dist, "assets", basename(new URL(route.request().url()).pathname)) }),
  );
  return asked;
}

describe("in a browser outside of LINE, the page as it is deployed", () => {
  let dist: string;
  beforeAll(async () => {
    dist = await mkdtemp(join(tmpdir(), "kuji-dist-"));
    await runCommand("npm run build", "npm", ["run", "--silent", "build", "--", "--outDir", dist]);
  });
  afterAll(() => rm(dist, { recursive: true }));

  it("leads into LINE or to its login, asks nobody but LINE for anything, and keeps to its content policy", async ({
    house,
    phone,
    expect,
  }) => {
    const { page } = phone;
    const asked = await deploy(phone, house, dist);
    const { url } = house.shelf.take("coupon-50");
    await page.goto(url);
    await cardPage(page).heading(messages.outside.not_in_line.title).waitFor();
    const { pathname } = new URL(url);
    const inLine = page.getByRole("link", { name: messages.openInLine });
    expect(await inLine.getAttribute("href")).toBe(`https://liff.line.me/2000000000-abcdefgh${pathname}`);
    expect(phone.calls).toEqual([]);

    await page.getByRole("button", { name: messages.signIn }).click();
    await page.waitForURL(/^https:\/\/access\.line\.me\//);
    expect(decodeURIComponent(page.url())).toContain(pathname);
    expect(asked.filter((address) => !OF_LINE.test(address))).toEqual([]);
  });

  it.for(["is blocked", "is full"])(
    "leads into LINE where what a site may keep %s, and offers no login that could not be kept",
    async (how, { house, phone, expect }) => {
      const { page } = phone;
      await deploy(phone, house, dist);
      await page.addInitScript((isBlocked) => {
        const refuse = () => {
          throw new DOMException("", isBlocked ? "SecurityError" : "QuotaExceededError");
        };
        if (isBlocked) for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get: refuse });
        else Storage.prototype.setItem = refuse;
      }, how === "is blocked");
      const { url } = house.shelf.take("coupon-50");
      await page.goto(url);
      await cardPage(page).heading(messages.outside.not_in_line.title).waitFor();
      const inLine = page.getByRole("link", { name: messages.openInLine });
      expect(await inLine.getAttribute("href")).toBe(`https://liff.line.me/2000000000-abcdefgh${new URL(url).pathname}`);
      expect(await page.getByRole("button", { name: messages.signIn }).count()).toBe(0);
    },
  );

  it("says that it takes a moment where LINE is silent, and goes on as soon as it answers", async ({ house, phone, expect }) => {
    const { page, context } = phone;
    await holdClock(phone);
    await deploy(phone, house, dist);
    const line = Promise.withResolvers<void>();
    await context.route(/^https:\/\/api\.line\.me\//, async (route) => {
      await line.promise;
      await route.fallback();
    });
    await page.goto(house.shelf.take("coupon-50").url);
    const moment = cardPage(page).heading(messages.waiting.trouble.title);
    const waits = async () => {
      await page.clock.fastForward(LEAP_MS);
      return moment.count();
    };
    await expect.poll(waits, LEAP).toBe(1);
    line.resolve();
    const opens = async () => {
      await page.clock.fastForward(LEAP_MS);
      return cardPage(page).heading(messages.outside.not_in_line.title).count();
    };
    await expect.poll(opens, LEAP).toBe(1);
  });

  it("is loaded anew, once, where LINE stays silent at every attempt, and opens then", async ({ house, phone, expect }) => {
    const { page, context } = phone;
    await holdClock(phone);
    await deploy(phone, house, dist);
    let loads = 0;
    page.on("load", () => {
      loads += 1;
    });
    await context.route(/^https:\/\/api\.line\.me\//, async (route) => {
      if (loads > 1) await route.fallback();
    });
    await page.goto(house.shelf.take("coupon-50").url);
    const opens = async () => {
      await page.clock.fastForward(LEAP_MS);
      return cardPage(page).heading(messages.outside.not_in_line.title).count();
    };
    await expect.poll(opens, LEAP).toBe(1);
    expect(loads).toBe(2);
  });
});
