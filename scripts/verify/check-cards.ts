import { parse } from "csv-parse";
import { pipeline } from "node:stream/promises";
import type { OpenedSegment } from "./opened-segment.ts";
import { Positions } from "./positions.ts";
import type { PositionCount } from "./positions.ts";

/** Issuers and the pool tell the time by clocks of their own. */
const CLOCK_TOLERANCE_MS = 1_000;
/** A spreadsheet's formulas begin with these; the export puts an apostrophe before them. */
const ESCAPED = /^'(?=[=+\-@\t\r])/;

export interface CheckedCards {
  readonly cards: number;
  /** Of them, dealt after the stock was gone. */
  readonly fallback: number;
  /** By name, in the order in which they were published. */
  readonly segments: ReadonlyMap<string, PositionCount>;
}

export interface Difference {
  readonly cardId: string;
  readonly message: string;
}

/** What is looked at of a row of the export. */
const LOOKED_AT = ["card", "campaign", "prize", "segment", "position", "returned", "issued_at"] as const;
type Row = Readonly<Record<(typeof LOOKED_AT)[number], string>>;

/**
 * Holds every card of the ledger's export against the segments' decks; tells each difference as it comes, in the file's order. Rejects a file
 * that is no export of the campaign.
 */
export async function checkCards(
  file: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  expected: { readonly campaign: string; readonly fallback: string | null; readonly segments: ReadonlyMap<string, OpenedSegment> },
  tell: (difference: Difference) => void,
  progress: (cards: number) => void = () => {},
): Promise<CheckedCards> {
  const dealt = new Map([...expected.segments].map(([name, { cards: positions }]) => [name, new Positions(positions)]));
  let [cards, fallback] = [0, 0];
  await pipeline(file, parse({ columns: readHeader, bom: true }), async (rows: AsyncIterable<Row>) => {
    for await (const row of rows) {
      const card = { ...row, prize: unescaped(row.prize), segment: unescaped(row.segment) };
      if (card.campaign !== expected.campaign) throw new Error(`the ledger's export has cards of ${card.campaign || "no campaign"}`);
      cards += 1;
      progress(cards);
      if (card.issued_at !== "" && card.segment === "") fallback += 1;
      const message = differenceOf(card, expected, dealt);
      if (message !== null) tell({ cardId: card.card, message });
    }
  });
  return { cards, fallback, segments: new Map([...dealt].map(([name, positions]) => [name, positions.count()])) };
}

function differenceOf(
  card: Row,
  { fallback, segments }: { readonly fallback: string | null; readonly segments: ReadonlyMap<string, OpenedSegment> },
  dealt: ReadonlyMap<string, Positions>,
): string | null {
  if (card.issued_at === "") return "its issue has not settled; ask again in a minute";
  if (card.segment === "") {
    return card.prize === fallback
      ? null
      : `it came from no segment, and holds ${card.prize} instead of the fallback ${fallback ?? "(none)"}`;
  }
  const segment = segments.get(card.segment);
  if (segment === undefined) return `it came from ${card.segment}, which was not published`;
  const position = card.position === "" ? NaN : Number(card.position);
  const place = `${card.segment}, position ${card.position}`;
  if (!Number.isInteger(position) || position < 0 || position >= segment.cards) return `it came from ${place}, where no card is`;
  const positions = dealt.get(card.segment);
  positions?.see(position);
  const promised = segment.prizeAt(position);
  if (promised !== card.prize) return `it holds ${card.prize}, and ${place} holds ${promised}`;
  const releasedAt = segment.releasedAt(position);
  if (releasedAt !== null && Date.parse(card.issued_at) < releasedAt - CLOCK_TOLERANCE_MS) {
    return `it was issued at ${card.issued_at}, and ${place} was released at ${new Date(releasedAt).toISOString()}`;
  }
  const isTwice = card.returned !== "yes" && positions?.take(position) === false;
  return isTwice ? `another card came from ${place}` : null;
}

function readHeader(header: readonly string[]): string[] {
  const missing = LOOKED_AT.find((column) => !header.includes(column));
  if (missing !== undefined) throw new Error(`the ledger's export has no column ${missing}`);
  return [...header];
}

function unescaped(cell: string): string {
  return cell.replace(ESCAPED, "");
}
