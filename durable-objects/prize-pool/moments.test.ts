import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chiSquare, onceInAThousand } from "./chi-square.fixture.ts";
import { drawMoments, releasedBy } from "./moments.ts";

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe("winning moments", () => {
  it("lie within their window, in order, and are the same for the same seed", () => {
    fc.assert(
      fc.property(seeds, fc.nat(200), fc.nat(1_000_000), fc.integer({ min: 1, max: 1_000_000 }), (seed, cards, fromMs, lastsMs) => {
        const window = { fromMs, toMs: fromMs + lastsMs };
        const moments = drawMoments(seed, cards, window);
        expect(moments).toHaveLength(cards);
        expect([...moments].every((at) => at >= window.fromMs && at < window.toMs)).toBe(true);
        expect(moments).toEqual(moments.toSorted());
        expect(drawMoments(seed, cards, window)).toEqual(moments);
      }),
    );
  });

  it("are released one by one as time goes: never fewer than before, all in the end", () => {
    fc.assert(
      fc.property(seeds, fc.nat(50), fc.array(fc.nat(1_200)), (seed, cards, times) => {
        const moments = drawMoments(seed, cards, { fromMs: 100, toMs: 1_100 });
        for (const nowMs of times) expect(releasedBy(moments, nowMs)).toBe(moments.filter((at) => at <= nowMs).length);
        expect(releasedBy(moments, 99)).toBe(0);
        expect(releasedBy(moments, 1_100)).toBe(cards);
      }),
    );
  });

  it("are spread evenly over the window (chi-square, 100,000 moments, 50 bins)", () => {
    const bins = 50;
    const moments = drawMoments(new Uint8Array(32).fill(5), 100_000, { fromMs: 0, toMs: 1_000_000 });
    const seen = Array.from({ length: bins }, () => 0);
    for (const at of moments) {
      const bin = Math.floor((at * bins) / 1_000_000);
      seen[bin] = (seen[bin] ?? 0) + 1;
    }
    // Against a second row that is even and as good as endless, so that its own chance does not count.
    const { statistic } = chiSquare([seen, seen.map(() => 1e12)]);
    expect(statistic).toBeLessThan(onceInAThousand(bins - 1));
  });
});
