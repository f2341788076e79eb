import { expect, test } from "vitest";
import { mapAtOnce } from "./at-once.ts";

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

test("results stand in the items' order, and no more than the limit is under way", async () => {
  let underWay = 0;
  let most = 0;
  const results = await mapAtOnce([5, 4, 3, 2, 1], 2, async (item) => {
    underWay += 1;
    most = Math.max(most, underWay);
    for (let i = 0; i < item; i += 1) await turn();
    underWay -= 1;
    return item * 10;
  });
  expect(results).toEqual([50, 40, 30, 20, 10]);
  expect(most).toBe(2);
});

test("after a failure nothing more is begun, and what is under way has ended", async () => {
  let ended = 0;
  const work = mapAtOnce([1, 2, 3, 4, 5, 6], 2, async (item) => {
    await turn();
    if (item === 1) throw new Error("one");
    await turn();
    ended += 1;
  });
  await expect(work).rejects.toThrow("one");
  expect(ended).toBe(1);
});
