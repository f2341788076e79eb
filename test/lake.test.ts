import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessToken } from "../scripts/admin-client.ts";
import type { AdminInvariants, PrizeBalance } from "../scripts/admin-client.ts";
import { callJson, callStream } from "../scripts/api-call.ts";
import { drawCards } from "../scripts/draw.ts";
import { openMadeCampaign } from "../scripts/made-campaign.ts";
import { hmacKey, signedRequest } from "../scripts/partner-client.ts";
import { newLineUserId, PlayerClient } from "../scripts/player-client.ts";
import { silent } from "../scripts/terminal.ts";
import { waitFor } from "../scripts/wait.ts";
import { ROOT } from "../scripts/wrangler.ts";
import { openTestHouse } from "./house.ts";
import type { TestHouse } from "./house.ts";
import { lakeFiles } from "./lake-bucket.ts";

const CAMPAIGN = "looked-at";
const SETTLED = { timeoutMs: 240_000, everyMs: 500 };

type Row = Readonly<Record<string, string | number | boolean | null>>;
interface LedgerCard extends Row {
  readonly state: string;
  readonly prize: string;
  readonly segment: string | null;
  readonly line_user_id: string | null;
  readonly revealed_at: string | null;
  readonly redeemed_at: string | null;
}

let folder: string;
let db: DuckDBConnection;

/** The rows of a query, as JSON: counts are text. */
async function ask(sql: string): Promise<Row[]> {
  return (await db.runAndReadAll(sql)).getRowObjectsJson() as Row[];
}

const ledgerCards = async () => (await ask("FROM ledger_cards")) as LedgerCard[];

async function askFile(name: string): Promise<Row[]> {
  return ask(await readFile(join(ROOT, `lake/${name}.sql`), "utf8"));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kuji-lake-"));
  const house = await openTestHouse();
  try {
    await play(house);
    await keepExports(house);
    await house.stack.stop();
    await copyLake(house.stack.persistTo, folder);
  } finally {
    await house.close();
  }
  db = await (await DuckDBInstance.create(":memory:")).connect();
  await ask(`SET TimeZone = 'UTC'; SET VARIABLE lake = '${folder}'; SET VARIABLE campaign = '${CAMPAIGN}'`);
  await askFile("tables");
  for (const table of ["cards", "rewards"]) {
    await ask(`CREATE TABLE ledger_${table} AS FROM read_csv('${join(folder, table)}.csv', all_varchar = true, nullstr = '')`);
  }
});
afterAll(async () => {
  db.closeSync();
  await rm(folder, { recursive: true, force: true });
});

/** Cards of every fate: not looked at, revealed, redeemed, used, voided; and rewards that are granted, failed, redriven and pending. */
async function play({ stack, admin, partner }: TestHouse): Promise<void> {
  const stock = new Map([
    ["points-10", 9],
    ["coupon-50", 8],
    ["cafe-code", 3],
  ]);
  const { line } = await openMadeCampaign(stack, admin, silent, { id: CAMPAIGN, settings: {}, stock });
  const requests = Array.from({ length: 30 }, (_, i) => ({
    requestId: `r${i}`,
    recipient: `visitor "${i}"`,
    metadata: { shop: `第${i}` },
  }));
  const drawn = await drawCards(partner, CAMPAIGN, requests);
  const user = async (name: string) => PlayerClient.signIn(stack, CAMPAIGN, { sub: newLineUserId(), name, channelId: line.channelId });
  const users = [await user("Mei"), await user("Kenji"), await user("Somchai")];
  const rewards = (mode: string) =>
    callJson(`${stack.sandboxOrigin}/sandbox/faults`, { method: "POST", body: { target: "rewards", mode } });

  await rewards("refuse");
  const redeemed = new Map<string, string[]>();
  for (const [i, { cardId }] of drawn.slice(0, 27).entries()) {
    const player = users[i % users.length];
    const prize = (await player?.reveal(cardId, [[10, 50]]))?.prize.id ?? "";
    // Those drawn last are left as they are.
    if (i >= 24) continue;
    await player?.redeem(cardId);
    redeemed.set(prize, [...(redeemed.get(prize) ?? []), cardId]);
  }
  await partner.void(CAMPAIGN, drawn[28]?.cardId ?? "", "a mistake");
  const settled = async (what: string, is: (points: PrizeBalance["rewards"], unsettled: AdminInvariants["unsettled"]) => boolean) =>
    waitFor({ what, ...SETTLED }, async () => {
      const { prizes, unsettled } = await admin.invariants(CAMPAIGN);
      const points = prizes.find(({ prize }) => prize === "points-10")?.rewards;
      return points !== undefined && is(points, unsettled) ? points : null;
    });
  await settled("the refusals", ({ pending, failed }, { blocks, events }) => pending + blocks + events === 0 && failed > 0);
  await rewards("ok");
  const ids = redeemed.get("points-10")?.slice(0, 2);
  const token = await accessToken(stack);
  const headers = { "cf-access-jwt-assertion": token };
  await callJson(`${stack.appOrigin}/admin/v1/rewards/redrive`, { method: "POST", headers, body: { campaign: CAMPAIGN, ids } });
  await settled("what was redriven", ({ granted }) => granted === 2);

  const { secret } = await admin.addKey("demo", { keyId: "till", algorithm: "hmac-sha256" });
  const coupon = `${stack.appOrigin}/partner/v1/campaigns/${CAMPAIGN}/coupons/${redeemed.get("coupon-50")?.[0]}`;
  const use = async () =>
    fetch(await signedRequest(hmacKey("till", secret ?? ""), `${coupon}/use`, "POST", { store: "Taipei", till: "1" }));
  await waitFor({ what: "the coupon's use", ...SETTLED }, async () => ((await use()).ok ? true : null));
  await settled("the last block", (_, { blocks, events }) => blocks + events === 0);
  await stack.tick();
}

async function keepExports({ stack }: TestHouse): Promise<void> {
  const headers = { "cf-access-jwt-assertion": await accessToken(stack) };
  for (const table of ["cards", "rewards"]) {
    const csv = await callStream(`${stack.appOrigin}/admin/v1/export/${table}.csv?campaign=${CAMPAIGN}`, headers);
    await writeFile(join(folder, `${table}.csv`), csv);
  }
}

/** The lake's objects as files, as `rclone` would copy them. */
async function copyLake(persistTo: string, to: string): Promise<void> {
  for (const [key, text] of await lakeFiles(persistTo)) {
    const path = join(to, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

const time = (column: string) => `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%gZ') AS ${column}`;
const times = (...columns: readonly string[]) => columns.map(time).join(", ");

/** Rows that only one of the two has. */
async function differing(one: string, other: string): Promise<Row[]> {
  return ask(`(FROM (${one}) EXCEPT ALL FROM ${other}) UNION ALL (FROM ${other} EXCEPT ALL FROM (${one}))`);
}

describe("the lake", () => {
  it("holds all that the ledger's cards are made of", async () => {
    const made = `SELECT card, campaign, state, prize, segment, position::VARCHAR, CASE WHEN returned THEN 'yes' END, request_id, recipient, line_user_id, metadata,
      code, ${times("issued_at", "expires_at", "revealed_at", "redeemed_at", "used_at")}, store, till, ${time("ended_at")}, reason FROM cards`;
    expect(await differing(made, "ledger_cards")).toEqual([]);
    expect((await ask("SELECT state, count(*) AS n FROM cards GROUP BY state ORDER BY state")).map(({ state }) => state)).toEqual([
      "issued",
      "redeemed",
      "revealed",
      "used",
      "voided",
    ]);
  });

  it("holds all that the ledger's rewards are made of once they are granted or failed", async () => {
    const made = `SELECT card, campaign, prize, kind, line_user_id, recipient, status, attempts::VARCHAR, redrives::VARCHAR, ${times("created_at", "granted_at", "failed_at")},
      last_error FROM rewards`;
    expect(await differing(made, "(SELECT * EXCLUDE (next_attempt_at) FROM ledger_rewards)")).toEqual([]);
    expect(
      await ask(
        "SELECT redrives, status, receipt IS NOT NULL AS receipt, count(*) > 0 AS n FROM rewards WHERE kind = 'webhook' GROUP BY ALL ORDER BY ALL",
      ),
    ).toEqual([
      { redrives: 0, status: "failed", receipt: false, n: true },
      { redrives: 1, status: "granted", receipt: true, n: true },
    ]);
  });

  it("tells users per minute", async () => {
    const cards = await ledgerCards();
    const acts = cards.flatMap(({ line_user_id: user, revealed_at, redeemed_at }) =>
      [revealed_at, redeemed_at].flatMap((at, i) =>
        at === null ? [] : [{ user, minute: `${at.slice(0, 10)} ${at.slice(11, 16)}:00`, redeemed: i === 1 }],
      ),
    );
    const minutes = [...Map.groupBy(acts, ({ minute }) => minute)].map(([minute, done]) => ({
      minute,
      users: String(new Set(done.map(({ user }) => user)).size),
      revealed: String(done.filter(({ redeemed }) => !redeemed).length),
      redeemed: String(done.filter(({ redeemed }) => redeemed).length),
    }));
    expect(await askFile("users-per-minute")).toEqual(minutes.toSorted((a, b) => (a.minute < b.minute ? -1 : 1)));
  });

  it("tells cards per prize", async () => {
    const cards = await ledgerCards();
    const prizes = [...Map.groupBy(cards, ({ prize }) => prize)].map(([prize, of]) => {
      const count = (is: (card: LedgerCard) => boolean) => String(of.filter(is).length);
      const standing = (state: string) => count((card) => card.state === state);
      return {
        prize,
        issued: count(({ segment }) => segment !== null),
        issued_as_fallback: count(({ segment }) => segment === null),
        waiting: standing("issued"),
        revealed: standing("revealed"),
        redeemed: standing("redeemed"),
        used: standing("used"),
        voided: standing("voided"),
        expired: standing("expired"),
      };
    });
    expect(await askFile("cards-per-prize")).toEqual(prizes.toSorted((a, b) => (a.prize < b.prize ? -1 : 1)));
  });

  it("tells the funnel from issued to granted", async () => {
    const [cards, rewards] = [await ledgerCards(), await ask("FROM ledger_rewards")];
    const funnel = (prize: string | null) => {
      const [of, theirs] = [cards, rewards].map((rows) => rows.filter((row) => prize === null || row["prize"] === prize));
      const count = (rows: readonly Row[] | undefined, column: string) => rows?.filter((row) => row[column] !== null).length ?? 0;
      const [issued, revealed, redeemed] = [count(of, "issued_at"), count(of, "revealed_at"), count(of, "redeemed_at")];
      const [rewarded, granted] = [count(theirs, "card"), count(theirs, "granted_at")];
      const percent = (part: number, whole: number) => (whole === 0 ? null : Math.round((1_000 * part) / whole) / 10);
      return {
        prize,
        issued: String(issued),
        revealed: String(revealed),
        redeemed: String(redeemed),
        with_reward: String(rewarded),
        granted: String(granted),
        revealed_percent: percent(revealed, issued),
        redeemed_percent: percent(redeemed, revealed),
        granted_percent: percent(granted, rewarded),
      };
    };
    expect(await askFile("funnel")).toEqual(["cafe-code", "coupon-50", "points-10", "thanks", null].map(funnel));
  });

  it("is described with the queries that these are", async () => {
    const description = await readFile(join(ROOT, "lake/README.md"), "utf8");
    const files = (await readdir(join(ROOT, "lake"))).filter((name) => name.endsWith(".sql") && name !== "tables.sql");
    expect(files).toHaveLength(3);
    for (const file of files) expect(description).toContain(`\`\`\`sql\n${await readFile(join(ROOT, "lake", file), "utf8")}\`\`\`\n`);
  });
});
