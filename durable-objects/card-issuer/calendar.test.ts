import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { localDay } from "./calendar.ts";

const iso = (ms: number) => new Date(ms).toISOString();

describe("the local day", () => {
  it("begins at midnight of the campaign's timezone", () => {
    const { startMs, endMs } = localDay("Asia/Taipei", Date.parse("2027-02-05T17:30:00Z"));
    expect(iso(startMs)).toBe("2027-02-05T16:00:00.000Z");
    expect(iso(endMs)).toBe("2027-02-06T16:00:00.000Z");
  });

  it("is 23 hours long when summer time begins, 25 when it ends", () => {
    const hours = (at: string) => {
      const { startMs, endMs } = localDay("Europe/Berlin", Date.parse(at));
      return (endMs - startMs) / 3_600_000;
    };
    expect(hours("2027-03-28T12:00:00Z")).toBe(23);
    expect(hours("2027-10-31T12:00:00Z")).toBe(25);
    expect(hours("2027-10-30T12:00:00Z")).toBe(24);
  });

  it("begins after midnight where the clocks skip midnight", () => {
    const { startMs } = localDay("America/Asuncion", Date.parse("2023-10-01T15:00:00Z"));
    expect(iso(startMs)).toBe("2023-10-01T04:00:00.000Z");
  });

  it("holds the instant, and the days join without gap or overlap", () => {
    const zones = fc.constantFrom(
      "Asia/Taipei",
      "Asia/Tokyo",
      "Europe/Berlin",
      "America/New_York",
      "Australia/Lord_Howe",
      "Asia/Kathmandu",
      "UTC",
    );
    const instants = fc.integer({ min: Date.parse("2024-01-01T00:00:00Z"), max: Date.parse("2029-01-01T00:00:00Z") });
    fc.assert(
      fc.property(zones, instants, (zone, atMs) => {
        const { startMs, endMs } = localDay(zone, atMs);
        expect(startMs <= atMs && atMs < endMs).toBe(true);
        expect(localDay(zone, endMs).startMs).toBe(endMs);
        expect(localDay(zone, startMs - 1).endMs).toBe(startMs);
      }),
    );
  });
});
