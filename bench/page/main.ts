import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, BrowserContext } from "playwright-core";
import { callJson } from "../../scripts/api-call.ts";
import { openBrowser } from "../../scripts/browser.ts";
import { drawOne } from "../../scripts/draw.ts";
import { exitOnSignals } from "../../scripts/exits.ts";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import { newLineUserId } from "../../scripts/player-client.ts";
import { openServedHouse } from "../../scripts/served-house.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import { openTerminal, table } from "../../scripts/terminal.ts";
import { runCommand } from "../../scripts/wrangler.ts";
import { median } from "../issue/summarize.ts";
import { keepResult } from "../keep-result.ts";
import { serveDeployed } from "./deployed.ts";
import type { FrameFigures, Spread } from "./frames.ts";
import { measureScratch } from "./scratch.ts";
import { measureVisit, THROTTLING } from "./visit.ts";
import type { Visit } from "./visit.ts";

const USAGE = `npm run bench:page -- [--rounds 7]
  How long it takes until a card can be touched, on Lighthouse's slow phone (CPU ${THROTTLING.cpuSlowdown}× slower) and slow 4G: a round is a first visit, and a second one of the same browser.
  Then a card is scratched with a finger on that phone: how far apart its frames are, and what the main thread does in one. (Without a graphics card, what it draws is drawn by the processor too.)
  The page is the deployed one with LINE's own SDK, before a real app; LINE has signed the user in before.`;
const CAMPAIGN = "bench-page";
const SCRATCH_HEADING = [
  "scratch",
  "frames",
  "apart, ms",
  "p95",
  "> 16.7 ms",
  "> 33 ms",
  "script, ms",
  "p95",
  "style, ms",
  "p95",
  "paint, ms",
  "p95",
];
const HEADING = ["", "touchable, ms", "from – to", "painted, ms", "main thread, ms", "kB", "requests"];

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, help: { type: "boolean", short: "h", default: false } },
});
exitOnSignals();
if (values.help) console.log(USAGE);
else await run();

interface Round {
  readonly first: Visit;
  readonly again: Visit;
  readonly scratch: FrameFigures;
}

async function run(): Promise<void> {
  const terminal = openTerminal();
  const dist = await mkdtemp(join(tmpdir(), "kuji-bench-page-"));
  await terminal.step("the page is built", () => runCommand("npm run build", "npm", ["run", "--silent", "build", "--", "--outDir", dist]));
  // The app's HTML carries the campaign; its page is of no account here.
  await runCommand("npm run build", "npm", ["run", "--silent", "build", "--", "--mode", "development"]);
  const house = await openServedHouse(terminal);
  const { line } = await openMadeCampaign(house, house.admin, terminal, {
    id: CAMPAIGN,
    settings: {},
    stock: new Map([["coupon-50", 1_000]]),
  });
  const deployed = await serveDeployed(dist, house);
  const browser = await openBrowser();
  const rounds: Round[] = [];
  try {
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      rounds.push(await measureRound(browser, deployed.origin, house, line.channelId));
      terminal.progress("rounds", round, Number(values.rounds));
    }
  } finally {
    await browser.close();
    await deployed.close();
    await house.close({ keep: false });
    await rm(dist, { recursive: true });
  }
  terminal.say(
    `\n${table(HEADING, [
      rowOf(
        "first visit",
        rounds.map(({ first }) => first),
      ),
      rowOf(
        "with cache",
        rounds.map(({ again }) => again),
      ),
    ])}`,
  );
  terminal.say(
    `\n${table(
      SCRATCH_HEADING,
      rounds.map(({ scratch }, i) => scratchRow(i + 1, scratch)),
    )}`,
  );
  await keepResult(terminal, "page", { throttling: THROTTLING, rounds }, { chromium: browser.version() });
}

/** A user whom LINE knows opens a card, and later, in the same browser, another one. */
async function measureRound(browser: Browser, origin: string, house: ServedHouse, channelId: string): Promise<Round> {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    locale: "zh-TW",
    hasTouch: true,
  });
  await signIn(context, origin, house, channelId);
  const open = async () => {
    const { url } = await drawOne(house.partner, CAMPAIGN);
    return measureVisit(context, origin + new URL(url).pathname);
  };
  const [first, again] = [await open(), await open()];
  const { url } = await drawOne(house.partner, CAMPAIGN);
  const round = { first, again, scratch: await measureScratch(context, origin + new URL(url).pathname) };
  await context.close();
  return round;
}

/** Leaves in the browser what LIFF keeps of a login: with it, it asks LINE nothing. */
async function signIn(context: BrowserContext, origin: string, { sandboxOrigin }: ServedHouse, channelId: string): Promise<void> {
  const body = { sub: newLineUserId(), name: "Kuji", channelId };
  const { idToken } = await callJson<{ idToken: string }>(`${sandboxOrigin}/sandbox/id-token`, { method: "POST", body });
  await context.addCookies([{ name: `LIFF_STORE:expires:${channelId}-abcdefgh`, value: String(Date.now() + 3_600_000), url: origin }]);
  await context.addInitScript(
    ({ store, token }) => {
      localStorage.setItem(`${store}:accessToken`, JSON.stringify("bench"));
      localStorage.setItem(`${store}:IDToken`, JSON.stringify(token));
    },
    { store: `LIFF_STORE:${channelId}-abcdefgh`, token: idToken },
  );
}

function scratchRow(round: number, { frames, apart, late, veryLate, work }: FrameFigures): readonly (string | number)[] {
  const spread = ({ medianMs, p95Ms }: Spread) => [medianMs.toFixed(1), p95Ms.toFixed(1)];
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  return [
    `round ${round}`,
    frames,
    ...spread(apart),
    percent(late),
    percent(veryLate),
    ...[work.script, work.style, work.paint].flatMap(spread),
  ];
}

function rowOf(name: string, visits: readonly Visit[]): readonly (string | number)[] {
  const of = (value: (visit: Visit) => number) => Math.round(median(visits.map(value)));
  const touchable = visits.map(({ touchableMs }) => Math.round(touchableMs));
  return [
    name,
    of(({ touchableMs }) => touchableMs),
    `${Math.min(...touchable)} – ${Math.max(...touchable)}`,
    of(({ paintedMs }) => paintedMs),
    of(({ busyMs }) => busyMs),
    Number((median(visits.map(({ bytes }) => bytes)) / 1_000).toFixed(1)),
    of(({ requests }) => requests),
  ];
}
