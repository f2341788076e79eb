import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openMadeCampaign } from "../../scripts/made-campaign.ts";
import type { ServedHouse } from "../../scripts/served-house.ts";
import type { Terminal } from "../../scripts/terminal.ts";
import { putFile } from "../../scripts/upload.ts";
import type { UploadFile } from "../../scripts/upload.ts";
import { numberOf, range, Seen, writeCodes } from "./codes.ts";
import { LEASE_CARDS, Leases, spread } from "./lease.ts";
import { outcomeOf, waitForOutcome } from "./outcome.ts";
import { watchMemory } from "./watch.ts";
import type { Peak } from "./watch.ts";

const CAMPAIGN = "codes";
const DAY_MS = 24 * 3_600_000;
/** Dealt while the codes are imported. */
const STOCK = new Map([["thanks", 1_000_000]]);
/** Leases asked for one after the other, to know what one takes while nothing is imported. */
const CALM_LEASES = 100;
const LEASE_EVERY_MS = 50;
const PROGRESS_EVERY_MS = 500;
/** Codes of the files that are to be refused. */
const FEW_CODES = 100_000;

export interface CodesPlan {
  readonly codes: number;
  readonly kills: number;
}

export interface CodesOutcome {
  readonly kills: number;
  readonly missing: number;
  readonly doubled: number;
  /** From the end of wrangler's upload to the end of the import, the time of the kills included. */
  readonly seconds: number;
  readonly peak: Peak;
  readonly faults: readonly string[];
}

/** Uploads a file of codes to an open campaign, kills the server on the way, and deals the campaign to its end. */
export async function runCodes(house: ServedHouse, terminal: Terminal, { codes, kills }: CodesPlan): Promise<CodesOutcome> {
  const faults: string[] = [];
  // Begun so late that no issuer takes stock by itself: every lease is one of ours.
  const [startsAt, endsAt] = [30 * DAY_MS, 60 * DAY_MS].map((ms) => new Date(Date.now() + ms).toISOString());
  const settings = { startsAt, endsAt, expectedPeakPerSecond: 300 };
  await openMadeCampaign(house, house.admin, terminal, { id: CAMPAIGN, settings, stock: STOCK });
  const leases = new Leases(house, CAMPAIGN);
  const calm: number[] = [];
  for (let i = 0; i < CALM_LEASES; i++) calm.push((await leases.next(1)).ms);

  const file = { object: `${CAMPAIGN}/pools/codes.csv`, path: join(house.folder, "uploads/codes.csv") };
  await terminal.step(`a file of ${codes} codes is written`, () => writeCodes(file.path, range(0, codes)));
  const megabytes = ((await stat(file.path)).size / 1024 ** 2).toFixed(0);
  const memory = await watchMemory(house);
  await terminal.step(`npx wrangler r2 object put kuji-pools/${file.object} --local --file codes.csv (${megabytes} MB)`, () =>
    putFile(house, file),
  );
  const startedAt = performance.now();
  let over = false;
  const busy = leaseUntil(leases, () => over);
  const killed = await followImport(house, terminal, { file, codes, kills, faults });
  const seconds = (performance.now() - startedAt) / 1_000;
  over = true;
  const during = await busy;
  const peak = await memory.stop();
  terminal.say(`  leases before: ${spread(calm)}`);
  terminal.say(`  leases during the import, of the campaign's other segment: ${spread(during.times)}`);

  await checkRefusals(house, terminal, codes, faults);
  const seen = new Seen(codes);
  await terminal.step(`the campaign is dealt to its end, and every code is looked at`, () => dealAll(leases, during.codes, seen, faults));
  if (seen.strange > 0) faults.push(`${seen.strange} codes were dealt that were never uploaded`);
  return { kills: killed, missing: seen.missing, doubled: seen.doubled, seconds, peak, faults };
}

interface BusyLeases {
  /** How long each took. */
  readonly times: readonly number[];
  readonly codes: readonly string[];
}

/** One card after the other, in an unhurried rhythm. What a killed server does not answer is asked for again. */
async function leaseUntil(leases: Leases, isOver: () => boolean): Promise<BusyLeases> {
  const times: number[] = [];
  const codes: string[] = [];
  for (let answered = true; !isOver() || !answered;) {
    const answer: Awaited<ReturnType<Leases["next"]>> | null = await (answered ? leases.next(1) : leases.again(1)).catch(() => null);
    if (answer !== null && answered) times.push(answer.ms);
    if (answer?.lease.status === "granted") codes.push(...answer.lease.codes);
    answered = answer !== null;
    await sleep(LEASE_EVERY_MS);
  }
  return { times, codes };
}

interface Following {
  readonly file: UploadFile;
  readonly codes: number;
  readonly kills: number;
  readonly faults: string[];
}

/** Waits for the end of an import, and kills the server when it is so far: with one kill half-way, with two at a third and at two thirds … */
async function followImport(house: ServedHouse, terminal: Terminal, { file, codes, kills, faults }: Following): Promise<number> {
  let killed = 0;
  let readBefore = 0;
  for (;;) {
    const uploads = await Promise.all([house.admin.importing(CAMPAIGN), outcomeOf(house, CAMPAIGN, file.object)]).catch(() => null);
    if (uploads === null) continue;
    const [[now], outcome] = uploads;
    if (outcome?.status === "refused") faults.push(`the codes were refused: ${JSON.stringify(outcome.faults?.slice(0, 3))}`);
    if (outcome !== null) return killed;
    if (now !== undefined) {
      terminal.progress(
        `KB of the file are read${now.checked > 0 ? `, ${(100 * now.checked).toFixed(0)} % of it compared` : ""}`,
        Math.round(now.bytesRead / 1024),
        Math.ceil(now.bytes / 1024) + 1,
      );
      if (now.bytesRead < readBefore) faults.push(`${readBefore} bytes were read, and after a kill ${now.bytesRead}`);
      readBefore = now.bytesRead;
      if (killed < kills && now.bytes > 0 && now.bytesRead >= ((killed + 1) * now.bytes) / (kills + 1)) {
        const restartMs = await killAndRestart(house);
        killed += 1;
        const [after] = await house.admin.importing(CAMPAIGN);
        terminal.say(`  killed with ${now.codes} codes stored; back in ${restartMs} ms, with ${after?.codes ?? 0} of ${codes}`);
        if ((after?.codes ?? 0) < now.codes) faults.push("what was done before the kill was lost");
      }
    }
    await sleep(PROGRESS_EVERY_MS);
  }
}

async function killAndRestart({ server }: ServedHouse): Promise<number> {
  await server.kill();
  const startedAt = performance.now();
  if ((await server.start()) === "killed") throw new Error("the server ended while it started");
  return Math.round(performance.now() - startedAt);
}

/** Two more files: one repeats a code of its own, in its last line; the other one of the large file. Both must be refused, with the line. */
async function checkRefusals(house: ServedHouse, terminal: Terminal, codes: number, faults: string[]): Promise<void> {
  const last = FEW_CODES + 2;
  const cases = [
    { name: "repeats.csv", again: codes, message: "the same code stands in line 2" },
    { name: "others.csv", again: codes - 1, message: `this code is in the pool already, from codes.csv in line ${codes + 1}` },
  ];
  for (const { name, again, message } of cases) {
    const file = { object: `${CAMPAIGN}/pools/${name}`, path: join(house.folder, "uploads", name) };
    await writeCodes(file.path, [...range(codes, codes + FEW_CODES), again]);
    const outcome = await terminal.step(`${name} is put, and judged`, async () => {
      await putFile(house, file);
      return await waitForOutcome(house, CAMPAIGN, file.object);
    });
    const [fault] = outcome.faults ?? [];
    terminal.say(`    ${outcome.status}, line ${fault?.line}: ${fault?.message}`);
    if (outcome.status !== "refused" || outcome.faults?.length !== 1 || fault?.line !== last || fault.message !== message)
      faults.push(`${name} should have been refused for its line ${last}: ${JSON.stringify(outcome).slice(0, 300)}`);
  }
}

/** `first` were dealt before. */
async function dealAll(leases: Leases, first: readonly string[], seen: Seen, faults: string[]): Promise<void> {
  let expected = 0;
  for (let codes = first; ;) {
    for (const code of codes) {
      const number = numberOf(code);
      if (number !== expected && faults.length === 0) faults.push(`code ${number} was dealt where ${expected} stands in the file`);
      expected = number + 1;
      seen.add(number);
    }
    const { lease } = await leases.next(LEASE_CARDS);
    if (lease.status !== "granted") return;
    codes = lease.codes;
  }
}
