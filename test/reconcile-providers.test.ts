import { afterAll, beforeAll, expect, it } from "vitest";
import { callJson } from "../scripts/api-call.ts";
import { drawCards } from "../scripts/draw.ts";
import { openMadeCampaign } from "../scripts/made-campaign.ts";
import { newLineUserId, PlayerClient } from "../scripts/player-client.ts";
import { silent } from "../scripts/terminal.ts";
import { waitFor } from "../scripts/wait.ts";
import { localArguments, runWrangler } from "../scripts/wrangler.ts";
import { openTestHouse } from "./house.ts";
import type { TestHouse } from "./house.ts";
import { runOperatorCommand } from "./operator-command.ts";

const CAMPAIGN = "granted";
const CARDS = 5;
/** As `worker/ledger/held-rewards.ts` has it. */
const HELD_UNTIL_MS = Date.UTC(9999, 0, 1);

let house: TestHouse;
beforeAll(async () => {
  house = await openTestHouse();
});
afterAll(() => house.close());

const reconcile = () => runOperatorCommand(house, "reconcile", ["--campaign", CAMPAIGN]);

const allGranted = () =>
  waitFor({ what: "the grants", timeoutMs: 240_000 }, async () => {
    const { prizes } = await house.admin.invariants(CAMPAIGN);
    return prizes.some(({ rewards }) => rewards.granted === CARDS) ? true : null;
  });

it("holds the ledger against what the reward system says it has granted", async () => {
  const { stack, admin, partner } = house;
  const { line } = await openMadeCampaign(stack, admin, silent, { id: CAMPAIGN, settings: {}, stock: new Map([["points-10", CARDS]]) });
  const drawn = await drawCards(
    partner,
    CAMPAIGN,
    Array.from({ length: CARDS }, (_, i) => ({ requestId: `r${i}`, recipient: `visitor ${i}` })),
  );
  const user = await PlayerClient.signIn(stack, CAMPAIGN, { sub: newLineUserId(), name: "Mei", channelId: line.channelId });
  for (const { cardId } of drawn) {
    await user.reveal(cardId);
    await user.redeem(cardId);
  }
  await allGranted();
  const whole = await reconcile();
  expect(whole.stdout).toContain(`provider points: ${CARDS} grants compared, 0 differ\n`);
  expect(whole.stdout).toMatch(/ differing=0 differences=0 grants=5 providers-not-asked=0\n$/);
  expect(whole.code).toBe(0);

  const lost = drawn[2]?.cardId ?? "";
  await stack.kill();
  const fail = `UPDATE rewards SET status = 'failed', granted_at = NULL, failed_at = 1 WHERE card = '${lost}'`;
  await runWrangler(localArguments(["d1", "execute", "LEDGER", "--command", fail], stack.persistTo));
  await stack.restart();
  const failed = await reconcile();
  expect(failed.stdout).toMatch(new RegExp(`card ${lost}: failed in the ledger, and provider points has granted it \\(20`));
  expect(failed.stdout).toContain(`provider points: ${CARDS} grants compared, 1 differ\n`);
  expect(failed.code).toBe(1);

  await admin.redrive(CAMPAIGN, { dryRun: false, held: false });
  await allGranted();
  expect((await reconcile()).code).toBe(0);

  // A ledger that does not know whether a reward was granted, and a provider that does.
  await stack.kill();
  const forget = `UPDATE rewards SET status = 'pending', granted_at = NULL, next_attempt_at = ${HELD_UNTIL_MS} WHERE card = '${lost}'`;
  await runWrangler(localArguments(["d1", "execute", "LEDGER", "--command", forget], stack.persistTo));
  await stack.restart();
  // The schedule may have asked the provider before this does.
  expect((await reconcile()).code).toBe(0);
  await allGranted();

  await callJson(`${stack.sandboxOrigin}/sandbox/faults`, { method: "POST", body: { target: "rewards", mode: "down" } });
  const unasked = await reconcile();
  expect(unasked.stdout).toMatch(/provider points: not compared: \w/);
  expect(unasked.stdout).toMatch(/ differing=0 differences=0 grants=0 providers-not-asked=1\n$/);
  expect(unasked.code).toBe(2);
});
