import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GENESIS_HASH, hashBlock } from "../../durable-objects/block.ts";
import type { Block } from "../../durable-objects/block.ts";
import { checkBlocks, UNKNOWN_HASH } from "./chain.ts";
import type { SettledBlock } from "./chain.ts";

/** Blocks 1 to `length` of a shard, chained. `salt` makes another history of the same numbers. */
function history(length: number, salt = "", shard = 0): Block[] {
  let prev = GENESIS_HASH;
  return Array.from({ length }, (_, i) => {
    const body = `${salt}${i}\n`;
    const header = { campaign: "spring", shard, block: i + 1, prev, hash: hashBlock(prev, body), events: 1 };
    prev = header.hash;
    return { header, body };
  });
}

const none = () => false;
const numbers = (blocks: readonly Block[]) => blocks.map(({ header }) => header.block);
const headers = (blocks: readonly Block[]): SettledBlock[] => blocks.map(({ header }) => header);

describe("the chain of a shard's blocks", () => {
  it("lets each block through once, in whatever order and batches they arrive", () => {
    const blocks = [...history(12), ...history(5, "other", 1)];
    const arrivals = fc.shuffledSubarray([...blocks, ...blocks], { minLength: blocks.length * 2 });
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 7 }), (arrived, batch) => {
        const ledger: SettledBlock[] = [];
        for (let first = 0; first < arrived.length; first += batch) {
          const { fresh, refused } = checkBlocks(arrived.slice(first, first + batch), ledger, none);
          expect(refused).toEqual([]);
          ledger.push(...headers(fresh));
        }
        expect(ledger).toHaveLength(blocks.length);
        expect(new Set(ledger)).toEqual(new Set(headers(blocks)));
      }),
    );
  });

  it("refuses a block that does not follow on the one before it, settled or beside it in the batch", () => {
    const [first, second] = history(2);
    const [, foreign] = history(2, "other");
    if (first === undefined || second === undefined || foreign === undefined) throw new Error("no blocks");
    expect(checkBlocks([foreign], headers([first]), none)).toMatchObject({
      fresh: [],
      refused: [{ kind: "broken", header: { block: 2 } }],
    });
    expect(checkBlocks([foreign, first], [], none)).toMatchObject({ fresh: [first], refused: [{ kind: "broken" }] });
  });

  it("refuses a block that the next one, settled before it, does not follow on", () => {
    const [first, second] = history(2);
    const [foreign] = history(1, "other");
    if (first === undefined || second === undefined || foreign === undefined) throw new Error("no blocks");
    expect(checkBlocks([foreign], headers([second]), none).refused).toMatchObject([{ kind: "broken", header: { block: 1 } }]);
    expect(numbers(checkBlocks([first], headers([second]), none).fresh)).toEqual([1]);
  });

  it("refuses a first block that pretends to have one before it", () => {
    const [, second] = history(2);
    if (second === undefined) throw new Error("no blocks");
    const pretender = { ...second, header: { ...second.header, block: 1 } };
    expect(checkBlocks([pretender], [], none).refused).toMatchObject([{ kind: "broken" }]);
  });

  it("refuses other content under a number that is taken, in the ledger or in the batch", () => {
    const [first] = history(1);
    const [other] = history(1, "other");
    if (first === undefined || other === undefined) throw new Error("no blocks");
    expect(checkBlocks([other], headers([first]), none)).toMatchObject({ settled: [], refused: [{ kind: "other_content" }] });
    expect(checkBlocks([first, other], [], none)).toMatchObject({
      fresh: [first],
      refused: [{ kind: "other_content", header: other.header }],
    });
  });

  it("takes a block that an operator has accepted, and asks nothing of one that was settled when no hash before it was kept", () => {
    const [first, second] = history(2);
    const [, foreign] = history(2, "other");
    if (first === undefined || second === undefined || foreign === undefined) throw new Error("no blocks");
    const accepts = ({ hash }: { hash: string }) => hash === foreign.header.hash;
    expect(checkBlocks([foreign], headers([first]), accepts).fresh).toEqual([foreign]);
    expect(checkBlocks([first], [{ ...foreign.header, prev: null }], none).fresh).toEqual([first]);
  });

  it("takes any block for the one whose hash the ledger has forgotten, and lets any follow on it", () => {
    const [first, second, third] = history(3);
    if (first === undefined || second === undefined || third === undefined) throw new Error("no blocks");
    const forgotten = { ...second.header, prev: null, hash: UNKNOWN_HASH };
    expect(checkBlocks([second], [forgotten], none)).toEqual({ fresh: [], settled: [second.header], refused: [] });
    expect(checkBlocks([third], [forgotten], none).fresh).toEqual([third]);
    expect(checkBlocks([first], [forgotten], none).fresh).toEqual([first]);
    // What is known beside it still must fit.
    const [, , foreign] = history(3, "other");
    if (foreign === undefined) throw new Error("no blocks");
    expect(checkBlocks([second], headers([foreign]), none).refused).toMatchObject([{ kind: "broken", header: { block: 2 } }]);
  });
});
