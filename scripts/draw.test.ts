import { expect, test } from "vitest";
import { drawCards } from "./draw.ts";
import { MAX_DRAWS_PER_CALL } from "./partner-client.ts";
import type { DrawAnswer, DrawRequest, PartnerClient } from "./partner-client.ts";

/** A partner API that answers each request with the next of `statuses` given for it, the last one for ever. */
function partnerThat(answer: (requestId: string, asked: number) => DrawAnswer["status"]) {
  const asked = new Map<string, number>();
  const calls: number[] = [];
  const draw = async (_campaign: string, draws: readonly DrawRequest[]): Promise<DrawAnswer[]> => {
    calls.push(draws.length);
    return draws.map(({ requestId }) => {
      const times = (asked.get(requestId) ?? 0) + 1;
      asked.set(requestId, times);
      const status = answer(requestId, times);
      return status === "issued"
        ? { requestId, status, cardId: `card-${requestId}`, url: `http://page/${requestId}` }
        : { requestId, status };
    });
  };
  return { partner: { draw } as unknown as PartnerClient, calls, asked };
}

const requests = (count: number) => Array.from({ length: count }, (_, i) => ({ requestId: `r-${i}` }));

test("many draws go in calls of the permitted size", async () => {
  const { partner, calls } = partnerThat(() => "issued");
  expect(await drawCards(partner, "demo", requests(1_200))).toHaveLength(1_200);
  expect(calls).toEqual([MAX_DRAWS_PER_CALL, MAX_DRAWS_PER_CALL, 200]);
});

test("what is overloaded is asked again, and only that", async () => {
  const { partner, asked } = partnerThat((requestId, times) => (requestId === "r-1" && times === 1 ? "overloaded" : "issued"));
  expect((await drawCards(partner, "demo", requests(3))).map(({ requestId }) => requestId).toSorted()).toEqual(["r-0", "r-1", "r-2"]);
  expect(Object.fromEntries(asked)).toEqual({ "r-0": 1, "r-1": 2, "r-2": 1 });
});

test("a draw that is refused for good is an error that names it", async () => {
  const { partner } = partnerThat(() => "limit_reached");
  await expect(drawCards(partner, "demo", requests(1))).rejects.toThrow("the draw r-0 was answered limit_reached");
});
