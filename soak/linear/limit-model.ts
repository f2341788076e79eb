import type { Model } from "./check.ts";

/** One recipient asks for a card under a request id. */
export interface DrawInput {
  readonly requestId: string;
}

export type DrawOutput = { readonly status: "issued" | "replayed"; readonly cardId: string } | { readonly status: "limit_reached" };

/** Card of each request that has one; null where it has one that nobody has seen. */
export type Issued = ReadonlyMap<string, string | null>;

/** What a recipient's limit does: the first `limit` requests get a card each, and the same again whenever they ask. */
export function limitModel(limit: number): Model<Issued, DrawInput, DrawOutput> {
  return {
    initial: new Map(),
    key: (issued) => JSON.stringify([...issued].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    step(issued, { requestId }, output) {
      const before = issued.get(requestId);
      if (before !== undefined) {
        if (output === null) return [issued];
        if (output.status !== "replayed" || (before !== null && before !== output.cardId)) return [];
        return withCard(issued, requestId, output.cardId);
      }
      if (issued.size >= limit) return output === null || output.status === "limit_reached" ? [issued] : [];
      if (output === null) return [new Map(issued).set(requestId, null)];
      return output.status === "issued" ? withCard(issued, requestId, output.cardId) : [];
    },
  };
}

/** Nothing where the card is another request's. */
function withCard(issued: Issued, requestId: string, cardId: string): Issued[] {
  for (const [other, card] of issued) if (card === cardId && other !== requestId) return [];
  return [new Map(issued).set(requestId, cardId)];
}
