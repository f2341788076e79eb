import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEMO_CAMPAIGN } from "../scripts/demo-campaign.ts";
import { drawOne } from "../scripts/draw.ts";
import { prepareDemoCampaign } from "../scripts/prepare-demo.ts";
import { grantsOfCard } from "../scripts/sandbox-grants.ts";
import { silent } from "../scripts/terminal.ts";
import { ROOT, runCommand, wranglerEnvironment } from "../scripts/wrangler.ts";
import { openBrowser } from "../scripts/browser.ts";
import { openTestHouse } from "./house.ts";
import type { TestHouse } from "./house.ts";

const SETTLED = { interval: 250 };
/** Cards that are opened until one has won points: four in ten do. */
const MAX_CARDS = 30;

let house: TestHouse;
let browser: Browser;
beforeAll(async () => {
  house = await openTestHouse();
  await prepareDemoCampaign(house.stack, house, silent, Date.now());
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await house.close();
});

/** The README's shell blocks in which `marks` stand, for this house's addresses, keys and state. */
async function readmeBlocks(...marks: readonly string[]): Promise<string> {
  const { appOrigin, sandboxOrigin, keysDir, persistTo } = house.stack;
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/```bash\n([^]*?)```/g)].map(([, block = ""]) => block);
  return marks
    .map((mark) => blocks.find((block) => block.includes(mark)) ?? `echo "no block has ${mark}"; exit 1`)
    .join("\n")
    .replaceAll("localhost:8787", new URL(appOrigin).host)
    .replaceAll("localhost:8788", new URL(sandboxOrigin).host)
    .replaceAll("sandbox/keys", keysDir)
    .replaceAll("--local", `--local --persist-to ${persistTo}`);
}

/** What a shell block prints; rejects when it fails. */
async function shell(block: string): Promise<string> {
  return await runCommand("a block of the README", "bash", ["-ec", block], wranglerEnvironment());
}

describe("a newcomer", () => {
  it("draws a card with the README's curl and openssl, and gets the same card again", async () => {
    const draw = await readmeBlocks("HOST=");
    const answers = [];
    for (let again = 0; again < 2; again++) {
      answers.push(JSON.parse(await shell(draw)) as { results: { requestId: string; status: string; cardId: string }[] });
    }
    const [first, second] = answers.map(({ results }) => results[0]);
    expect(first).toMatchObject({ requestId: "my-first-draw", status: "issued" });
    expect(second).toMatchObject({ status: "replayed", cardId: first?.cardId });
  });

  it("uploads a campaign of their own with the README's commands, opens it, and draws from it", async () => {
    const printed = await shell(await readmeBlocks("r2 object put", "access-token"));
    expect(printed).toContain('"refused":[]');
    expect(printed).toContain('"campaign":"my-campaign","status":"open"');
    const draw = (await readmeBlocks("HOST=")).replace("campaigns/demo/", "campaigns/my-campaign/");
    expect(JSON.parse(await shell(draw))).toMatchObject({ results: [{ status: "issued" }] });
  });

  it("opens the link in a browser, scratches with the pointer, redeems, and the reward is granted", async () => {
    const page = await browser.newPage({ viewport: { width: 390, height: 844 }, locale: "zh-TW" });
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    for (let card = 0; card < MAX_CARDS; card++) {
      const { url, cardId } = await drawOne(house.partner, DEMO_CAMPAIGN);
      await page.goto(url);
      const foil = page.locator("canvas").first();
      await foil.waitFor();
      const box = (await foil.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
      const revealed = page.waitForResponse((response) => response.url().endsWith("/reveal"));
      await page.mouse.move(box.x + 8, box.y + 8);
      await page.mouse.down();
      for (let row = 8; row < box.height; row += 18) {
        await page.mouse.move(box.x + (row % 36 < 18 ? box.width - 8 : 8), box.y + row, { steps: 12 });
      }
      await page.mouse.up();
      const { prize } = (await (await revealed).json()) as { prize: { kind: string } };
      if (prize.kind !== "webhook") continue;

      const redeemed = page.waitForResponse((response) => response.url().endsWith("/redeem"));
      await page.getByRole("button", { name: "領取" }).click();
      expect((await redeemed).status()).toBe(200);
      await expect.poll(async () => (await house.admin.care(cardId))[0]?.reward?.status, SETTLED).toBe("granted");
      expect(await grantsOfCard(house.stack.sandboxOrigin, cardId)).toMatchObject([{ cardId, asked: 1 }]);
      expect(faults).toEqual([]);
      return;
    }
    expect.unreachable(`none of ${MAX_CARDS} cards had won points`);
  });
});
