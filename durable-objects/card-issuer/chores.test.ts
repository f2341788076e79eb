import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Chores } from "./chores.ts";

const MONTH_MS = 30 * 86_400_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Chores of which one is due again in a month, as a card's expiry is; and the alarm that they have set. */
function monthlyChores(work: () => Promise<void> = async () => {}) {
  const alarm: { atMs: number | null } = { atMs: null };
  const monthly = async () => {
    await work();
    return Date.now() + MONTH_MS;
  };
  const chores = new Chores({
    chores: [{ name: "sweep", work: monthly }],
    setAlarm: async (atMs) => void (alarm.atMs = atMs),
    waitUntil: () => {},
    now: () => Date.now(),
  });
  return { chores, alarm };
}

describe("an object's chores", () => {
  it("have an alarm soon after there is work, also where one was set for much later: the timer may be lost", async () => {
    const { chores, alarm } = monthlyChores();
    chores.soon();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(alarm.atMs).toBeGreaterThan(Date.now() + MONTH_MS - 1_000);
    chores.soon();
    expect(alarm.atMs).toBeLessThanOrEqual(Date.now() + 5_000);
  });

  it("keep that alarm when the work came while others were done", async () => {
    const { chores, alarm } = monthlyChores(async () => chores.soon());
    await chores.rung();
    expect(alarm.atMs).toBeLessThanOrEqual(Date.now() + 5_000);
  });
});
