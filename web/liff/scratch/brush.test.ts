import * as fc from "fast-check";
import { expect, test } from "vitest";
import { brushRadius, type Touch } from "./brush.ts";

const mouse: Touch = { pointerType: "mouse", width: 1, height: 1, pressure: 0.5 };
const finger = (size: number, pressure = 0): Touch => ({ pointerType: "touch", width: size, height: size, pressure });

test("a slow finger is wider than a fast one", () => {
  const radii = [0, 1, 2, 3].map((speed) => brushRadius(mouse, speed, null));
  expect(radii).toEqual(radii.toSorted((a, b) => b - a));
  expect(radii[0]).toBeGreaterThan((radii[3] ?? 0) + 3);
});

test("a finger that presses is wider, where the device feels it", () => {
  expect(brushRadius(finger(40, 0.8), 1, null)).toBeGreaterThan(brushRadius(finger(40, 0.3), 1, null));
  for (const pressure of [0.5, 1]) expect(brushRadius(finger(40, pressure), 1, null)).toBe(brushRadius(finger(40, 0), 1, null));
});

test("a device that tells the size of the touch is believed, within bounds", () => {
  expect(brushRadius(finger(46), 1, null)).toBeGreaterThan(brushRadius(finger(34), 1, null));
  fc.assert(
    fc.property(fc.double({ min: 0, max: 400, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (size, pressure) => {
      const radius = brushRadius(finger(size, pressure), 1, null);
      expect(radius).toBeGreaterThanOrEqual(15);
      expect(radius).toBeLessThanOrEqual(29);
    }),
  );
});

test("within a stroke the width changes softly, and gets there", () => {
  let radius = brushRadius(mouse, 0, null);
  const goal = brushRadius(mouse, 9, null);
  const first = brushRadius(mouse, 9, radius);
  expect(radius - first).toBeLessThan((radius - goal) / 2);
  for (let i = 0; i < 20; i++) radius = brushRadius(mouse, 9, radius);
  expect(radius).toBeCloseTo(goal, 1);
});
