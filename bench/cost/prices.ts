import type { Counts } from "./counts.ts";

/** When the prices below stood on Cloudflare's pages; on the paid plan, past what it includes. Storage and CPU time are not in them. */
export const PRICED_AT = "2026-08-03";

interface Price {
  readonly name: string;
  /** Dollars for a million of them. */
  readonly dollars: number;
  readonly source: string;
  /** How many of them a count of this name is. */
  readonly units: (name: string) => number;
}

const OBJECTS = /^(issuer|pool|gate|endpoint|naive pool): /;
const LEDGERS = /^(naive )?ledger: /;
const DOCS = "https://developers.cloudflare.com";

/** A message is written, read and deleted, each an operation for every 64 KB of it: a block has at most 112 KB. */
const OPERATIONS = 3;
const BLOCK_OPERATIONS = 2 * OPERATIONS;

const one = (is: boolean) => (is ? 1 : 0);

export const PRICES: readonly Price[] = [
  {
    name: "Worker requests",
    dollars: 0.3,
    source: `${DOCS}/workers/platform/pricing/`,
    units: (name) => one(name === "worker: requests"),
  },
  {
    name: "object requests",
    dollars: 0.15,
    source: `${DOCS}/durable-objects/platform/pricing/`,
    units: (name) => one(OBJECTS.test(name) && !name.includes(": rows ")),
  },
  {
    name: "object rows written",
    dollars: 1,
    source: `${DOCS}/durable-objects/platform/pricing/`,
    units: (name) => one(OBJECTS.test(name) && name.endsWith(": rows written")),
  },
  {
    name: "D1 rows written",
    dollars: 1,
    source: `${DOCS}/d1/platform/pricing/`,
    units: (name) => one(LEDGERS.test(name) && name.endsWith(": rows written")),
  },
  {
    name: "D1 rows read",
    dollars: 0.001,
    source: `${DOCS}/d1/platform/pricing/`,
    units: (name) => one(LEDGERS.test(name) && name.endsWith(": rows read")),
  },
  {
    name: "queue operations",
    dollars: 0.4,
    source: `${DOCS}/queues/platform/pricing/`,
    units: (name) => (name.endsWith(": messages") ? (name === "card-events: messages" ? BLOCK_OPERATIONS : OPERATIONS) : 0),
  },
  { name: "R2 writes", dollars: 4.5, source: `${DOCS}/r2/pricing/`, units: (name) => one(name === "lake: put") },
  { name: "KV reads", dollars: 0.5, source: `${DOCS}/kv/platform/pricing/`, units: (name) => one(name === "config: get") },
];

export interface Bill {
  /** Dollars for a million cards, by what is billed. */
  readonly items: Readonly<Record<string, number>>;
  readonly total: number;
}

/** What `counts` of so many cards come to, for a million of them. */
export function billOf(counts: Counts, cards: number): Bill {
  const items = PRICES.map(({ name, dollars, units }) => {
    const counted = Object.entries(counts).reduce((sum, [what, count]) => sum + count * units(what), 0);
    return [name, (counted / cards) * dollars] as const;
  });
  return { items: Object.fromEntries(items), total: items.reduce((sum, [, dollars]) => sum + dollars, 0) };
}
