import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { callJson } from "./api-call.ts";
import { exitWith } from "./exits.ts";
import { addressOf, findApp } from "./found-app.ts";
import { campaignOf, Misuse, OPERATOR_OPTIONS, readOptions } from "./operator-options.ts";
import { openTerminal } from "./terminal.ts";
import { checkCards } from "./verify/check-cards.ts";
import type { Difference } from "./verify/check-cards.ts";
import { checkProof } from "./verify/check-proof.ts";
import { brokenPromises } from "./verify/check-published.ts";
import { fairnessSchema, proofSchema, readDocument } from "./verify/fairness.ts";
import type { Fairness } from "./verify/fairness.ts";
import { OpenedSegment } from "./verify/opened-segment.ts";
import { showPositions, showSealed } from "./verify/show-segment.ts";
import { isOpened, untilOpened } from "./verify/until-opened.ts";

const USAGE = `npm run verify -- --campaign ID [--origin URL] [--published FILE] [--ledger FILE] [--access-token TOKEN]
    Makes every deck of a closed campaign again from its published seed, and holds commitments, roots and the ledger's every card against them.
    --origin        the app; without it, the running npm start
    --published     a copy of …/player/v1/campaigns/ID/fairness from before the draw, which today's has to stand by
    --ledger        a copy of …/admin/v1/export/cards.csv?campaign=ID, instead of fetching it
    --access-token  what lets an operator in to fetch it (cloudflared access token); or KUJI_ACCESS_TOKEN; not needed beside npm start

npm run verify -- --proof FILE (--published FILE | --root HEX)
    Checks one card's proof (…/cards/CARD/proof), asking nobody.

Exit status 0: all of it holds; 1: something differs; 2: it could not be checked (a proof: there is no root for it).`;

const NO_ROOT_STATUS = 2;
const ROOT = /^[0-9a-f]{64}$/;
const ON_MISSING =
  "A position in no card was leased and never dealt, or the card's row is gone or rewritten as a fallback: that is for you to judge, the exit status does not tell.";

const HOW_TO_SIGN_IN = "Fetching the ledger takes an operator's token: --access-token TOKEN, or --ledger FILE with a copy of the export.";
const TOLD_DIFFERENCES = 10;
const PROGRESS_EVERY_CARDS = 10_000;

const OPTIONS = {
  ...OPERATOR_OPTIONS,
  published: { type: "string" },
  ledger: { type: "string" },
  proof: { type: "string" },
  root: { type: "string" },
} as const;

const terminal = openTerminal();

await exitWith(run, terminal);

async function run(): Promise<number> {
  const values = readOptions(OPTIONS);
  if (values.help) {
    terminal.say(USAGE);
    return 0;
  }
  const { campaign, proof, published, root } = values;
  if (proof !== undefined && campaign === undefined) return await verifyProof(proof, published, root);
  if (campaign !== undefined && proof === undefined && root === undefined) {
    return await verifyCampaign({ ...values, ...addressOf(values), campaign: campaignOf(values) });
  }
  throw new Misuse("Either a campaign (--campaign ID) is verified, or a card's proof (--proof FILE)");
}

async function verifyProof(path: string, published: string | undefined, root: string | undefined): Promise<number> {
  if ((published === undefined) === (root === undefined)) throw new Error("--proof is checked against --published FILE or --root HEX");
  if (root !== undefined && !ROOT.test(root.toLowerCase())) throw new Error(`--root is 64 hexadecimal digits, not ${root}`);
  const proof = readDocument(proofSchema, await readFile(path, "utf8"), path);
  const verdict = checkProof(proof, root === undefined ? { fairness: await readFairness(published ?? "") } : { root: root.toLowerCase() });
  switch (verdict.status) {
    case "proven":
      terminal.say(`proven: card ${proof.cardId} of ${proof.campaign} held ${proof.prize} at ${placeOf(proof)} before the first draw`);
      return 0;
    case "not_proven":
      terminal.say(`not proven: card ${proof.cardId}: ${verdict.reason}`);
      return 1;
    case "no_root":
      terminal.say(`not checked: card ${proof.cardId}: ${verdict.reason}`);
      return NO_ROOT_STATUS;
  }
}

function placeOf({ place }: { readonly place?: { readonly segment: string; readonly position: number } | undefined }): string {
  return place === undefined ? "no place" : `${place.segment}, position ${place.position}`;
}

interface CampaignOptions {
  readonly campaign: string;
  readonly origin?: string | undefined;
  readonly published?: string | undefined;
  readonly ledger?: string | undefined;
  readonly accessToken?: string | undefined;
}

async function verifyCampaign({ campaign, published, ledger, ...where }: CampaignOptions): Promise<number> {
  const house = await findApp(where);
  const address = `${house.appOrigin}/player/v1/campaigns/${encodeURIComponent(campaign)}/fairness`;
  const fairness = await terminal.step(`what ${house.appOrigin} publishes of ${campaign}`, () =>
    untilOpened({
      ask: async () => readDocument(fairnessSchema, JSON.stringify(await callJson(address)), address),
      waiting: (message) => terminal.say(`  ${message}`),
    }),
  );
  const earlier = published === undefined ? null : await readFairness(published);
  const broken = earlier === null ? [] : [...brokenPromises(earlier, fairness)];
  for (const promise of broken) terminal.say(`  ${promise}`);
  if (!fairness.segments.every(isOpened)) {
    for (const segment of fairness.segments) terminal.say(`  ${showSealed(segment)}`);
    throw new Error(`${campaign} is not closed. Its seeds are published after the close; keep a copy of ${address} until then.`);
  }
  const segments = new Map(fairness.segments.flatMap((segment) => OpenedSegment.open(segment) ?? []).map((one) => [one.name, one]));
  const faults: string[] = [];
  for (const segment of segments.values()) {
    await terminal.step(`${segment.name}: its commitment and roots, made again`, async () => {
      faults.push(...segment.faults(campaign));
    });
  }
  for (const fault of faults) terminal.say(`  ${fault}`);

  const file = ledger === undefined ? await (await house.admin(HOW_TO_SIGN_IN)).exportCards(campaign) : createReadStream(ledger);
  const differences: Difference[] = [];
  let differing = 0;
  const checked = await terminal.step("every card of the ledger, against its deck", () =>
    checkCards(
      file,
      { campaign, fallback: fairness.fallback, segments },
      (difference) => {
        differing += 1;
        if (differences.length < TOLD_DIFFERENCES) differences.push(difference);
      },
      (cards) => {
        if (cards % PROGRESS_EVERY_CARDS === 0) terminal.say(`  ${cards} cards`);
      },
    ),
  );
  for (const { cardId, message } of differences) terminal.say(`  card ${cardId}: ${message}`);
  if (differing > differences.length) terminal.say(`  … and ${differing - differences.length} cards more`);
  for (const [name, count] of checked.segments) terminal.say(`  ${showPositions(name, count)}`);
  terminal.say(`  ${checked.fallback} cards are fallbacks. ${ON_MISSING}`);
  const holds = broken.length + faults.length + differing === 0;
  terminal.say(
    `verified=${holds} campaign=${campaign} segments=${segments.size} cards=${checked.cards} fallback=${checked.fallback} ` +
      `differing=${differing}${differences[0] === undefined ? "" : ` first=${differences[0].cardId}`}`,
  );
  return holds ? 0 : 1;
}

async function readFairness(path: string): Promise<Fairness> {
  return readDocument(fairnessSchema, await readFile(path, "utf8"), path);
}
