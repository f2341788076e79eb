import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { commitDeck, shuffleDeck } from "../../durable-objects/prize-pool/deck.ts";
import { growTree, proveCard } from "../../durable-objects/prize-pool/deck-tree.ts";
import { drawMoments } from "../../durable-objects/prize-pool/moments.ts";
import { deckSeed } from "../../durable-objects/prize-pool/seeds.ts";
import { PLAIN_SEGMENT } from "../../durable-objects/protocol.ts";
import type { SegmentOptions } from "../../durable-objects/protocol.ts";
import { ROOT } from "../wrangler.ts";
import { checkCards } from "./check-cards.ts";
import type { CheckedCards } from "./check-cards.ts";
import { checkProof } from "./check-proof.ts";
import { brokenPromises } from "./check-published.ts";
import type { Fairness, Proof, Segment } from "./fairness.ts";
import { OpenedSegment } from "./opened-segment.ts";
import { showSealed } from "./show-segment.ts";
import { untilOpened } from "./until-opened.ts";

const CAMPAIGN = "spring";
const MANIFEST = [
  { prize: "coupon", quantity: 120 },
  { prize: "thanks", quantity: 280 },
];
const SIZE = 400;
const SEED = Uint8Array.from({ length: 32 }, (_, i) => i);
const WINDOW = { fromMs: Date.parse("2027-02-05T12:00:00Z"), toMs: Date.parse("2027-02-05T13:00:00Z") };

function deckOf(deck: number) {
  const seed = deckSeed(SEED, deck);
  const cards = shuffleDeck(MANIFEST, seed);
  const leaves = {
    size: SIZE,
    seed,
    prizes: ["coupon", "thanks"],
    ordinals: (start: number, n: number) => cards.subarray(start, start + n),
  };
  const growing = growTree(leaves);
  let step = growing.next();
  while (step.done !== true) step = growing.next();
  const upper = step.value;
  const root = bytesToHex(upper.at(-1) ?? new Uint8Array());
  const prizeAt = (index: number) => leaves.prizes[cards[index] ?? 0] ?? "";
  return { root, prizeAt, prove: (index: number) => proveCard(leaves, upper, index) };
}

function segmentOf(over: Partial<Segment> = {}, options: SegmentOptions = PLAIN_SEGMENT, decks = 1): Segment {
  return {
    segment: "first.csv",
    size: SIZE,
    decks,
    commitment: commitDeck({ campaign: CAMPAIGN, segment: "first.csv", manifest: MANIFEST, seed: SEED, options }),
    roots: Array.from({ length: decks }, (_, deck) => ({ deck, root: deckOf(deck).root })),
    seed: bytesToHex(SEED),
    manifest: MANIFEST,
    ...(options.repeat === null ? {} : { repeat: options.repeat }),
    ...(options.moments === null
      ? {}
      : { moments: { from: new Date(WINDOW.fromMs).toISOString(), to: new Date(WINDOW.toMs).toISOString() } }),
    ...over,
  };
}

function opened(segment: Segment): OpenedSegment {
  const made = OpenedSegment.open(segment);
  if (made === null) throw new Error("the segment is sealed");
  return made;
}

interface TestRow {
  readonly card: string;
  readonly prize: string;
  readonly segment?: string;
  readonly position?: number | string;
  readonly returned?: string;
  readonly issued?: string;
}

async function differences(rows: readonly TestRow[], segment: Segment = segmentOf()): Promise<string[]> {
  return (await checkRows(rows, segment)).told;
}

async function checkRows(rows: readonly TestRow[], segment: Segment): Promise<CheckedCards & { readonly told: string[] }> {
  const lines = rows.map(
    ({ card, prize, segment: name = "first.csv", position = "", returned = "", issued = "2027-02-05T12:00:00.000Z" }) =>
      [card, CAMPAIGN, "issued", prize, name, position, returned, issued].join(","),
  );
  const csv = ["card,campaign,state,prize,segment,position,returned,issued_at", ...lines].join("\r\n");
  const told: string[] = [];
  const segments = new Map([[segment.segment, opened(segment)]]);
  const checked = await checkCards([new TextEncoder().encode(csv)], { campaign: CAMPAIGN, fallback: "thanks", segments }, (one) =>
    told.push(`${one.cardId}: ${one.message}`),
  );
  expect(checked.cards).toBe(rows.length);
  return { ...checked, told };
}

const dealt = (position: number, card = `card-${position}`): TestRow => ({
  card,
  prize: deckOf(Math.floor(position / SIZE)).prizeAt(position % SIZE),
  position,
});

it("a root that is none is an error of use", async () => {
  const verify = promisify(execFile)(process.execPath, [join(ROOT, "scripts/verify.ts"), "--proof", "proof.json", "--root", "zzz"]);
  await expect(verify).rejects.toMatchObject({ code: 2, stdout: "--root is 64 hexadecimal digits, not zzz\n" });
});

describe("a segment that was opened", () => {
  it("keeps its promises, in every mode", () => {
    const repeat = { ...PLAIN_SEGMENT, repeat: { maxDecks: 3 } };
    const moments = { ...PLAIN_SEGMENT, moments: WINDOW };
    for (const segment of [segmentOf(), segmentOf({}, repeat, 3), segmentOf({}, moments)]) {
      expect([...opened(segment).faults(CAMPAIGN)]).toEqual([]);
    }
    expect(OpenedSegment.open(segmentOf({ seed: undefined }))).toBeNull();
  });

  it.each([
    ["seed", { seed: "00".repeat(32) }],
    [
      "manifest",
      {
        manifest: [
          { prize: "coupon", quantity: 121 },
          { prize: "thanks", quantity: 279 },
        ],
      },
    ],
    ["size", { size: 401 }],
    ["root", { roots: [{ deck: 0, root: "11".repeat(32) }] }],
    ["missing root", { roots: [] }],
    ["mode", { repeat: { maxDecks: null } }],
  ])("is found out when another %s is published", (_, over) => {
    expect([...opened(segmentOf(over)).faults(CAMPAIGN)]).not.toEqual([]);
  });

  it("stands by what was published before", () => {
    const document = (segments: Segment[]): Fairness => ({ campaign: CAMPAIGN, fallback: null, segments });
    const now = document([segmentOf(), segmentOf({ segment: "restock.csv" })]);
    const sealed = segmentOf({ seed: undefined, manifest: undefined });
    expect([...brokenPromises(document([sealed]), now)]).toEqual([]);
    for (const earlier of [{ commitment: "22".repeat(32) }, { roots: [{ deck: 0, root: "11".repeat(32) }] }, { segment: "gone.csv" }]) {
      expect([...brokenPromises(document([{ ...sealed, ...earlier }]), now)]).toHaveLength(1);
    }
  });
});

describe("the ledger's cards", () => {
  it("hold where each is what its deck says", async () => {
    expect(
      await differences([...Array.from({ length: SIZE }, (_, i) => dealt(i)), { card: "late", prize: "thanks", segment: "" }]),
    ).toEqual([]);
    const repeat = { ...PLAIN_SEGMENT, repeat: { maxDecks: null } };
    expect(
      await differences(
        [0, 399, 400, 799, 1_199].map((i) => dealt(i)),
        segmentOf({}, repeat, 3),
      ),
    ).toEqual([]);
  });

  it("are named where a prize, a place or a fallback is another", async () => {
    const wrong = deckOf(0).prizeAt(3) === "coupon" ? "thanks" : "coupon";
    expect(await differences([dealt(2), { ...dealt(3), prize: wrong }])).toEqual([
      `card-3: it holds ${wrong}, and first.csv, position 3 holds ${wrong === "coupon" ? "thanks" : "coupon"}`,
    ]);
    expect(await differences([{ card: "c", prize: "coupon", segment: "" }])).toEqual([
      "c: it came from no segment, and holds coupon instead of the fallback thanks",
    ]);
    for (const position of [SIZE, -1, "1.5", "", "x"]) {
      expect(await differences([{ card: "c", prize: "coupon", position }])).toEqual([
        `c: it came from first.csv, position ${position}, where no card is`,
      ]);
    }
    expect(await differences([{ card: "c", prize: "coupon", segment: "other.csv", position: 1 }])).toHaveLength(1);
    expect(await differences([{ ...dealt(1), issued: "" }])).toEqual(["card-1: its issue has not settled; ask again in a minute"]);
  });

  it("are named where two live ones come from one place, not where one was given back", async () => {
    expect(await differences([{ ...dealt(5), returned: "yes" }, dealt(5, "again")])).toEqual([]);
    expect(await differences([dealt(5), dealt(5, "again")])).toEqual(["again: another card came from first.csv, position 5"]);
  });

  it("are counted, so that one that is gone or a fallback now leaves a hole", async () => {
    const count = async (rows: readonly TestRow[]) => {
      const { segments, fallback, told } = await checkRows(rows, segmentOf());
      expect(told).toEqual([]);
      return { ...segments.get("first.csv"), fallback };
    };
    const rows = [0, 1, 2, 3].map((position) => dealt(position));
    expect(await count([])).toEqual({ positions: SIZE, inLedger: 0, highest: null, missing: 0, fallback: 0 });
    expect(await count(rows)).toEqual({ positions: SIZE, inLedger: 4, highest: 3, missing: 0, fallback: 0 });
    expect(await count(rows.toSpliced(1, 1))).toMatchObject({ inLedger: 3, missing: 1, fallback: 0 });
    const rewritten = { card: "card-1", prize: "thanks", segment: "" };
    expect(await count(rows.with(1, rewritten))).toMatchObject({ inLedger: 3, missing: 1, fallback: 1 });
    expect(await count([...rows, { ...dealt(7), returned: "yes" }, dealt(7, "again")])).toMatchObject({ inLedger: 5, missing: 3 });
  });

  it("are named where one came out before its moment", async () => {
    const segment = segmentOf({}, { ...PLAIN_SEGMENT, moments: WINDOW });
    const times = drawMoments(SEED, SIZE, WINDOW);
    const at = (ms: number) => new Date(ms).toISOString();
    expect(await differences([{ ...dealt(9), issued: at(times[9] ?? 0) }], segment)).toEqual([]);
    expect(await differences([{ ...dealt(9), issued: at((times[9] ?? 0) - 60_000) }], segment)).toHaveLength(1);
  });

  it("are not looked for in a file that is no export of the campaign", async () => {
    const check = (csv: string) =>
      checkCards([new TextEncoder().encode(csv)], { campaign: CAMPAIGN, fallback: null, segments: new Map() }, () => {});
    await expect(check("card,campaign\r\nx,spring\r\n")).rejects.toThrow("has no column prize");
    await expect(check("card,campaign,prize,segment,position,returned,issued_at\r\na,autumn,x,,,,\r\n")).rejects.toThrow("autumn");
    await expect(check("card,campaign,prize,segment,position,returned,issued_at\r\na,spring\r\n")).rejects.toThrow("Invalid Record Length");
  });
});

describe("what is published of a campaign", () => {
  const sealed: Fairness = { campaign: CAMPAIGN, fallback: null, segments: [segmentOf({ seed: undefined, manifest: undefined })] };
  const closed: Fairness = { ...sealed, segments: [segmentOf()] };

  it("is waited for when the close does not show yet, for a while, and the wait is announced", async () => {
    const asked = (...answers: Fairness[]) => {
      const told: string[] = [];
      const ask = async () => answers.shift() ?? sealed;
      return { told, answer: untilOpened({ ask, waiting: (message) => told.push(message), timeoutMs: 50, everyMs: 1 }) };
    };
    for (const [answers, lines, expected] of [
      [[closed], 0, closed],
      [[sealed, sealed, closed], 1, closed],
      [[sealed], 1, sealed],
    ] as const) {
      const { told, answer } = asked(...answers);
      expect(await answer).toEqual(expected);
      expect(told).toHaveLength(lines);
    }
  });

  it("is shown in a line a segment, however many decks it has", () => {
    const roots = Array.from({ length: 100 }, (_, deck) => ({ deck, root: `root-${deck}` }));
    expect(showSealed({ ...segmentOf(), commitment: "c", roots: roots.slice(0, 1) })).toBe(
      "first.csv: commitment c, root of deck 0 root-0",
    );
    expect(showSealed({ ...segmentOf(), commitment: "c", roots })).toBe(
      "first.csv: commitment c, root of deck 97 root-97, root of deck 98 root-98, root of deck 99 root-99, and 97 earlier roots",
    );
  });
});

describe("a card's proof", () => {
  const { prove, prizeAt, root } = deckOf(1);
  const index = 77;
  const { salt, path } = prove(index);
  const proof: Proof = {
    campaign: CAMPAIGN,
    cardId: "card",
    prize: prizeAt(index),
    place: { segment: "first.csv", position: SIZE + index },
    inclusion: { deck: 1, index, size: SIZE, salt: bytesToHex(salt), path: path.map((hash) => bytesToHex(hash)), root },
  };
  const fairness = { campaign: CAMPAIGN, fallback: null, segments: [segmentOf({}, { ...PLAIN_SEGMENT, repeat: { maxDecks: 2 } }, 2)] };

  it("holds under the published root, and under no other", () => {
    expect(checkProof(proof, { fairness })).toEqual({ status: "proven" });
    expect(checkProof(proof, { root })).toEqual({ status: "proven" });
    expect(checkProof(proof, { root: deckOf(0).root })).toEqual({ status: "not_proven", reason: expect.stringContaining("leads to") });
  });

  it.each<[string, Partial<Proof>]>([
    ["prize", { prize: prizeAt(index) === "coupon" ? "thanks" : "coupon" }],
    ["campaign", { campaign: "autumn" }],
    ["position", { place: { segment: "first.csv", position: index } }],
    ["segment", { place: { segment: "second.csv", position: SIZE + index } }],
    ["no tree", { inclusion: undefined }],
    ["root of its own", { inclusion: { deck: 1, index, size: SIZE, salt: "00".repeat(16), path: [], root: "00".repeat(32) } }],
  ])("fails with another %s", (_, over) => {
    expect(checkProof({ ...proof, ...over }, { fairness })).toMatchObject({ status: "not_proven" });
  });

  it("has no root where the card is a fallback, or its segment too large for a tree, and must fit what was published all the same", () => {
    const status = (over: Partial<Proof>, published: Partial<Segment> = {}, fallback: string | null = "thanks") =>
      checkProof({ ...proof, ...over }, { fairness: { campaign: CAMPAIGN, fallback, segments: [segmentOf(published)] } }).status;
    expect(status({ place: undefined, inclusion: undefined, prize: "thanks" })).toBe("no_root");
    expect(status({ place: undefined, inclusion: undefined, prize: "coupon" }, {}, null)).toBe("no_root");
    expect(status({ place: undefined, inclusion: undefined, prize: "coupon" })).toBe("not_proven");
    const large = { size: 1_000_001, roots: [] };
    const { commitment } = segmentOf();
    expect(status({ inclusion: undefined, commitment }, large)).toBe("no_root");
    expect(status({ inclusion: undefined, commitment: "00".repeat(32) }, large)).toBe("not_proven");
    expect(status({ inclusion: undefined, commitment, campaign: "autumn" }, large)).toBe("not_proven");
    expect(status({ inclusion: undefined, commitment })).toBe("not_proven");
    expect(checkProof({ ...proof, inclusion: undefined }, { root }).status).toBe("not_proven");
  });
});
