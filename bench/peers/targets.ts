/** What is measured: a name, and the draws that a request makes. */
export interface Row {
  readonly name: string;
  readonly draws: number;
}

export const BULK = 100;

/** One figure by another, in draws a second where both draw. */
export interface Ratio {
  readonly of: string;
  readonly by: string;
  /** Null: for the record. */
  readonly target: number | null;
}

export const RATIOS: readonly Ratio[] = [
  { of: "kuji", by: "node-redis", target: 0.4 },
  { of: "kuji × 100", by: "node-redis × 100", target: 2 },
  { of: "kuji apart", by: "node-redis", target: null },
  { of: "kuji apart × 100", by: "node-redis × 100", target: 2 },
  { of: "kuji", by: "go-redis", target: null },
  { of: "kuji × 100", by: "go-redis × 100", target: null },
  { of: "kuji apart × 100", by: "go-redis × 100", target: null },
  { of: "kuji", by: "naive-object", target: 1.5 },
  { of: "kuji × 100", by: "naive-object × 100", target: 10 },
  { of: "kuji", by: "naive-d1", target: 5 },
  { of: "kuji × 100", by: "naive-d1 × 100", target: null },
  { of: "kuji", by: "tornado", target: 2 },
  { of: "kuji × 100", by: "tornado × 100", target: null },
  { of: "kuji", by: "rpc", target: null },
  { of: "kuji", by: "hello", target: null },
];
