import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { TrailPoint } from "../../durable-objects/protocol.ts";
import { addPoint, MAX_TRAIL_POINTS } from "./trail.ts";

test("a trail never has more points than the server takes, spans the whole scratch, and stays in order", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), (count) => {
      let trail: readonly TrailPoint[] = [];
      for (let i = 0; i < count; i++) trail = addPoint(trail, [i, i % 101]);
      expect(trail.length).toBeLessThanOrEqual(MAX_TRAIL_POINTS);
      expect(trail[0]).toEqual([0, 0]);
      expect(trail.at(-1)?.[0]).toBe(count - 1);
      expect(trail).toEqual(trail.toSorted(([a], [b]) => a - b));
    }),
  );
});
