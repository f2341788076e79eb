/** A prize is low when no more than this part of what was loaded is left. */
const LOW_SHARE = 0.1;

export type StockLevel = "plenty" | "low" | "sold_out";

export interface PrizeStock {
  readonly prize: string;
  readonly loaded: number;
  readonly issued: number;
  readonly remaining: number;
}

export interface KnownLevel {
  readonly prize: string;
  readonly level: StockLevel;
  readonly changes: number;
}

function levelOf({ loaded, remaining }: Pick<PrizeStock, "loaded" | "remaining">): StockLevel {
  if (remaining === 0) return "sold_out";
  return remaining <= loaded * LOW_SHARE ? "low" : "plenty";
}

export interface LevelChange extends PrizeStock, KnownLevel {
  /** Whether there is less of it than before; a prize that was loaded again is no event. */
  readonly fell: boolean;
}

const DEPTH: Readonly<Record<StockLevel, number>> = { plenty: 0, low: 1, sold_out: 2 };

/** Which prizes are at another level than was known; of one never seen, plenty is taken for known. */
export function levelChanges(known: readonly KnownLevel[], prizes: readonly PrizeStock[]): LevelChange[] {
  const byPrize = new Map(known.map((one) => [one.prize, one]));
  return prizes.flatMap((stock) => {
    const before = byPrize.get(stock.prize) ?? { level: "plenty" as const, changes: 0 };
    const level = levelOf(stock);
    if (level === before.level || stock.loaded === 0) return [];
    return [{ ...stock, level, changes: before.changes + 1, fell: DEPTH[level] > DEPTH[before.level] }];
  });
}
