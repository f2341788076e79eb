import fc from "fast-check";
import { expect, test } from "vitest";
import { EventQueue } from "./event-queue.ts";

test("events come in the order of their times, and those of the same time as they were planned", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 2_000 }), (times) => {
      const queue = new EventQueue();
      for (const [i, atMs] of times.entries()) queue.plan(atMs, 1, i, -i);
      const came: number[] = [];
      while (queue.next()) came.push(queue.first);
      const right = times.map((atMs, i) => ({ atMs, i })).sort((a, b) => a.atMs - b.atMs || a.i - b.i);
      expect(came).toEqual(right.map(({ i }) => i));
    }),
  );
});

test("what is planned meanwhile comes in its turn", () => {
  const queue = new EventQueue();
  queue.plan(10, 1, 0, 0);
  queue.plan(5, 2, 7, 8);
  expect(queue.next()).toBe(true);
  expect([queue.atMs, queue.kind, queue.first, queue.second]).toEqual([5, 2, 7, 8]);
  queue.plan(7, 3, 0, 0);
  queue.next();
  expect([queue.atMs, queue.kind]).toEqual([7, 3]);
  queue.next();
  expect(queue.kind).toBe(1);
  expect([queue.next(), queue.size]).toEqual([false, 0]);
});
