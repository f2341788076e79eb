import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { accessToken } from "../scripts/admin-client.ts";
import { drawCards } from "../scripts/draw.ts";
import { openMadeCampaign } from "../scripts/made-campaign.ts";
import { newLineUserId, PlayerClient } from "../scripts/player-client.ts";
import { silent } from "../scripts/terminal.ts";
import { localArguments, ROOT, runWrangler } from "../scripts/wrangler.ts";
import { openTestHouse } from "./house.ts";
import type { TestHouse } from "./house.ts";

const CAMPAIGN = "reconciled";

let house: TestHouse;
beforeAll(async () => {
  house = await openTestHouse();
});
afterAll(() => house.close());

/** Runs `npm run reconcile` to its end. */
async function reconcile(): Promise<{ readonly code: number; readonly stdout: string }> {
  const token = await accessToken(house.stack);
  const args = ["--campaign", CAMPAIGN, "--origin", house.stack.appOrigin, "--access-token", token];
  return await new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, "scripts/reconcile.ts"), ...args], (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), stdout }),
    );
  });
}

it("finds no difference after a campaign was played, and names the card whose row in the ledger was altered", async () => {
  const { stack, admin, partner } = house;
  const stock = new Map([
    ["points-10", 10],
    ["coupon-50", 20],
  ]);
  const { line } = await openMadeCampaign(stack, admin, silent, { id: CAMPAIGN, settings: {}, stock });
  const requests = Array.from({ length: 35 }, (_, i) => ({ requestId: `r${i}`, recipient: `visitor ${i}`, metadata: { shop: i } }));
  const drawn = await drawCards(partner, CAMPAIGN, requests);
  const user = await PlayerClient.signIn(stack, CAMPAIGN, { sub: newLineUserId(), name: "Mei", channelId: line.channelId });
  const prizes = new Map<string, string>();
  for (const { cardId } of drawn.slice(0, 20)) {
    prizes.set(cardId, (await user.reveal(cardId))?.prize.id ?? "");
    await user.redeem(cardId);
  }
  await partner.void(CAMPAIGN, drawn[30]?.cardId ?? "", "a mistake");
  const before = await reconcile();
  expect(before).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`campaign=${CAMPAIGN} cards=35 on-the-way=0 differing=0 differences=0`),
  });
  expect(before.stdout).toMatch(/points-10 +10 /);

  const [altered = ""] = prizes.keys();
  const other = prizes.get(altered) === "points-10" ? "coupon-50" : "points-10";
  await stack.kill();
  const update = `UPDATE cards SET prize = '${other}' WHERE card = '${altered}'`;
  await runWrangler(localArguments(["d1", "execute", "LEDGER", "--command", update], stack.persistTo));
  await stack.restart();
  const after = await reconcile();
  expect(after).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(`card ${altered}: prize: ${prizes.get(altered)} at its issuer, ${other} in the ledger`),
  });
  expect(after.stdout).toContain("differing=1");
});
