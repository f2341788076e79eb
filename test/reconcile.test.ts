import { afterAll, beforeAll, expect, it } from "vitest";
import { drawCards } from "../scripts/draw.ts";
import { openMadeCampaign } from "../scripts/made-campaign.ts";
import { newLineUserId, PlayerClient } from "../scripts/player-client.ts";
import { silent } from "../scripts/terminal.ts";
import { waitFor } from "../scripts/wait.ts";
import { localArguments, runWrangler } from "../scripts/wrangler.ts";
import { openTestHouse } from "./house.ts";
import type { TestHouse } from "./house.ts";
import { loseFromLake } from "./lake-bucket.ts";
import { runOperatorCommand } from "./operator-command.ts";

const CAMPAIGN = "reconciled";

let house: TestHouse;
beforeAll(async () => {
  house = await openTestHouse();
});
afterAll(() => house.close());

const reconcile = () => runOperatorCommand(house, "reconcile", ["--campaign", CAMPAIGN]);
const rebuild = (from: string) => runOperatorCommand(house, "ledger-rebuild", ["--campaign", CAMPAIGN, "--from", from]);

it("finds no difference after a campaign was played, nor when its ledger was made again, and names the card whose row in the ledger was altered until it is", async () => {
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

  await waitFor({ what: "the grants", timeoutMs: 240_000 }, async () => {
    const { prizes: balances } = await admin.invariants(CAMPAIGN);
    return balances.reduce((sum, { rewards }) => sum + rewards.granted, 0) === prizes.size ? true : null;
  });
  for (const from of ["issuers", "lake"]) {
    const rebuilt = await rebuild(from);
    expect(rebuilt.stdout).toMatch(
      new RegExp(`campaign=${CAMPAIGN} from=${from} cards=35 blocks=\\d+ granted=20 pending=0 failed=0 damaged=0 .*same=true`),
    );
    expect(rebuilt.code).toBe(0);
    expect((await reconcile()).code).toBe(0);
  }

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

  expect(await rebuild("issuers")).toMatchObject({ code: 1, stdout: expect.stringMatching(/something else before.*same=false/s) });
  expect((await reconcile()).code).toBe(0);
});

it("holds rewards of which the lake does not tell any more, says so, and asks for them when it is told to", async () => {
  const { stack, admin } = house;
  await stack.tick();
  await stack.kill();
  const gone = await loseFromLake(stack.persistTo, `rewards/${CAMPAIGN}/`);
  expect(gone.length).toBeGreaterThan(0);
  await stack.restart();
  const points = async () => (await admin.invariants(CAMPAIGN)).prizes.find(({ prize }) => prize === "points-10")?.rewards;
  const granted = (await points())?.granted ?? 0;
  expect(granted).toBeGreaterThan(0);
  const rebuilt = await rebuild("lake");
  expect(rebuilt.code).toBe(2);
  expect(rebuilt.stdout).toContain(`${granted} rewards may have been granted, and the lake does not tell: they are held`);
  expect(rebuilt.stdout).toMatch(new RegExp(`damaged=0 missing=0 held=${granted} .*same=true`));
  const redrive = (...args: string[]) => runOperatorCommand(house, "redrive", ["--campaign", CAMPAIGN, "--held", ...args]);
  const planned = await redrive("--dry-run");
  // The schedule may have asked their provider meanwhile, which lists what it has granted.
  expect(planned.stdout).toMatch(/would be redriven: \d+ rewards of reconciled/);
  expect((await redrive()).code).toBe(0);
  await waitFor({ what: "the grants", timeoutMs: 240_000 }, async () => ((await points())?.granted === granted ? true : null));
  expect((await reconcile()).code).toBe(0);
});
