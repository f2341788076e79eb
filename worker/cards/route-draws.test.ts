import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { CampaignRules, Draw, DrawCommand, DrawReply, DrawResult } from "../../durable-objects/protocol.ts";
import { IssuerOverloaded } from "./issuers.ts";
import { routeDraws } from "./route-draws.ts";
import { shardOf } from "./shard.ts";

function draw(requestId: string, recipient: string | null = null): Draw {
  return { requestId, recipient, lineUserId: null, metadata: null };
}

function rules(version: number, shards: number): CampaignRules {
  return {
    campaign: "spring",
    version,
    status: "open",
    shards,
    ledgers: 1,
    startsAtMs: 0,
    endsAtMs: 1,
    cardTtlMs: null,
    timezone: "Asia/Taipei",
    limits: { perRecipient: null, perRecipientPerDay: null },
    autoRedeem: false,
    returnStock: { onVoid: false, onExpiry: false },
    fallback: null,
    prizes: {},
    pools: {},
  };
}

/** Issuers that name each card for its shard, its request and its turn. */
function issuers(): { ask: (command: DrawCommand) => Promise<DrawReply>; commands: DrawCommand[] } {
  const commands: DrawCommand[] = [];
  const cards = new Map<string, string>();
  const issue = (shard: number, { requestId }: Draw): DrawResult => {
    const key = `${shard}/${requestId}`;
    const known = cards.get(key);
    if (known !== undefined) return { status: "replayed", cardId: known, expiresAtMs: null };
    cards.set(key, key);
    return { status: "issued", cardId: key, expiresAtMs: null };
  };
  return {
    commands,
    ask: async (command) => {
      commands.push(command);
      return { status: "done", results: command.draws.map((one) => issue(command.shard, one)) };
    },
  };
}

describe("routeDraws", () => {
  it("answers every draw in the order asked, from the issuer of its shard, with one call a shard", async () => {
    const requests = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(requests, fc.integer({ min: 1, max: 8 }), async (ids, shards) => {
        const { ask, commands } = issuers();
        const { results } = await routeDraws(
          ask,
          "spring",
          shards,
          ids.map((id) => draw(id)),
        );
        expect(results).toEqual(ids.map((id) => ({ status: "issued", cardId: `${shardOf(id, shards)}/${id}`, expiresAtMs: null })));
        expect(new Set(commands.map(({ shard }) => shard)).size).toBe(commands.length);
      }),
    );
  });

  it("routes by recipient where there is one", async () => {
    const { ask, commands } = issuers();
    await routeDraws(ask, "spring", 64, [draw("a", "member-1"), draw("b", "member-1"), draw("c", "member-1")]);
    expect(commands.map(({ shard }) => shard)).toEqual([shardOf("member-1", 64)]);
  });

  it("replays a request id that comes twice in one body", async () => {
    const { ask } = issuers();
    const { results } = await routeDraws(ask, "spring", 8, [draw("a", "m"), draw("b", "m"), draw("a", "m")]);
    expect(results.map(({ status }) => status)).toEqual(["issued", "issued", "replayed"]);
  });

  it("sends misrouted draws once more by the issuers' own number of shards", async () => {
    const { ask, commands } = issuers();
    const ids = Array.from({ length: 40 }, (_, i) => `request-${i}`);
    const { results, corrected } = await routeDraws(
      async (command) => (command.shards === 5 ? ask(command) : { status: "misrouted", rules: rules(3, 5) }),
      "spring",
      2,
      ids.map((id) => draw(id)),
    );
    expect(corrected?.shards).toBe(5);
    expect(results.every(({ status }) => status === "issued")).toBe(true);
    expect(commands.every(({ shards, shard, draws }) => shards === 5 && draws.every((one) => shardOf(one.requestId, 5) === shard))).toBe(
      true,
    );
  });

  it("gives up on draws that are misrouted twice", async () => {
    const { results } = await routeDraws(async () => ({ status: "misrouted", rules: rules(3, 5) }), "spring", 2, [draw("a")]);
    expect(results).toEqual([{ status: "overloaded" }]);
  });

  it("makes only the draws of a lost issuer overloaded", async () => {
    const { ask } = issuers();
    const ids = Array.from({ length: 40 }, (_, i) => `request-${i}`);
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { results } = await routeDraws(
      async (command) => {
        if (command.shard === 1) throw new IssuerOverloaded("shedding");
        if (command.shard === 2) throw new Error("a bug");
        return ask(command);
      },
      "spring",
      4,
      ids.map((id) => draw(id)),
    );
    const expected = ids.map((id) => ([1, 2].includes(shardOf(id, 4)) ? "overloaded" : "issued"));
    expect(results.map(({ status }) => status)).toEqual(expected);
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
  });
});
