import { expect, test } from "vitest";
import type { TrailPoint } from "../../durable-objects/protocol.ts";
import type { Errands } from "./errands.ts";
import type { Call, Event } from "./machine.ts";
import { playerOf } from "./player.ts";

const card = { cardId: "AQAB" };
const opened: Event = { type: "opened", card, foil: "whole", refusal: null };
const revealed: Event = { type: "revealed", won: { state: "revealed", prize: { id: "p", name: "P", kind: "coupon" } } };
const busy: Event = {
  type: "failed",
  failure: { kind: "problem", status: 503, code: "overloaded", retryAfterMs: 2_000 },
  nowMs: 0,
  dice: 0,
};

/** A player whose calls are answered by hand, on a clock that is turned by hand. */
function table() {
  const asked: {
    readonly call: Call;
    readonly trail: readonly TrailPoint[];
    readonly answer: (event: Event) => void;
  }[] = [];
  const timers: { readonly ms: number; readonly run: () => void }[] = [];
  const scratched: string[] = [];
  const strokes = new Map<string, readonly number[]>();
  let nowMs = 0;
  const errands: Errands = {
    line: null,
    ownCards: () => Promise.reject(new Error("nobody asked")),
    run: (call, _state, trail) => new Promise((answer) => void asked.push({ call, trail, answer })),
  };
  const player = playerOf(
    errands,
    {
      scratched: (cardId) => void scratched.push(cardId),
      strokesOn: (cardId) => strokes.get(cardId) ?? [],
      keepStrokes: (cardId, kept) => void strokes.set(cardId, kept),
    },
    { nowMs: () => nowMs, after: (ms, run) => void timers.push({ ms, run }) },
  );
  /** Answers the last call, and lets the answer arrive. */
  const answer = async (event: Event) => {
    asked.at(-1)?.answer(event);
    await Promise.resolve();
  };
  const turnTo = (ms: number) => {
    nowMs = ms;
  };
  return { player, asked, timers, scratched, strokes, answer, turnTo };
}

test("the page's call is made once, however often it is told that it was touched", async () => {
  const { player, asked, answer } = table();
  player.start();
  await answer(opened);
  player.send({ type: "touched" });
  player.send({ type: "touched" });
  expect(asked.map(({ call }) => call)).toEqual(["open", "reveal"]);
});

test("the reveal carries the scratch trail as it is known", async () => {
  const { player, asked, answer, turnTo } = table();
  player.start();
  await answer(opened);
  turnTo(1_200);
  player.scratchedTo(7.6);
  player.send({ type: "touched" });
  expect(asked.at(-1)?.trail).toEqual([[1_200, 8]]);
});

test("a call that has to wait is made again when its wait is over, and then its answer counts", async () => {
  const { player, asked, timers, answer } = table();
  player.start();
  await answer(opened);
  player.send({ type: "touched" });
  await answer(busy);
  expect(timers.map(({ ms }) => ms)).toEqual([2_000]);
  timers[0]?.run();
  expect(asked.map(({ call }) => call)).toEqual(["open", "reveal", "reveal"]);
  await answer(revealed);
  expect(player.state.state).toBe("loosened");
});

test("a wait that the network's return cut short is not ended twice", async () => {
  const { player, asked, timers, answer } = table();
  player.start();
  await answer(opened);
  player.send({ type: "touched" });
  await answer({ ...busy, failure: { kind: "network", offline: true } });
  player.send({ type: "back_online" });
  timers[0]?.run();
  expect(asked.filter(({ call }) => call === "reveal")).toHaveLength(2);
});

test("a card whose prize has been seen is remembered", async () => {
  const { player, scratched, answer } = table();
  player.start();
  await answer(opened);
  player.send({ type: "touched" });
  await answer(revealed);
  expect(scratched).toEqual([]);
  player.send({ type: "uncovered" });
  expect(scratched).toEqual([card.cardId]);
});

test("a card is remembered as soon as its foil fades off a prize, whoever leaves while it does", async () => {
  const { player, scratched, answer } = table();
  player.start();
  await answer(opened);
  player.send({ type: "touched" });
  player.scratchedTo(100);
  expect(scratched).toEqual([]);
  await answer(revealed);
  player.scratchedTo(56);
  expect(scratched).toEqual([]);
  player.scratchedTo(100);
  expect(scratched).toEqual([card.cardId]);
});

test("a touched card is remembered before its prize is asked for, and its strokes from each lifted finger", async () => {
  const { player, strokes, answer } = table();
  player.start();
  await answer(opened);
  player.lifted([9]);
  expect(strokes.size).toBe(0);
  player.send({ type: "touched" });
  expect(strokes.get(card.cardId)).toEqual([]);
  player.lifted([1, 2, 3, 4, 5]);
  expect(player.strokesOn(card.cardId)).toEqual([1, 2, 3, 4, 5]);
});

test("who listens hears of every change, until no longer", () => {
  const { player } = table();
  let heard = 0;
  const stop = player.subscribe(() => (heard += 1));
  player.send(opened);
  stop();
  player.send({ type: "touched" });
  expect(heard).toBe(1);
});

test.each([
  ["a page that lay open for days", 3 * 24 * 3_600_000, 24 * 3_600_000],
  ["a clock that was set back", -5_000, 0],
])("tells of %s what the server takes", async (_what, nowMs, toldMs) => {
  const { player, asked, answer, turnTo } = table();
  player.start();
  await answer(opened);
  turnTo(nowMs);
  player.scratchedTo(7);
  player.send({ type: "touched" });
  expect(asked.at(-1)?.trail).toEqual([[toldMs, 7]]);
});
