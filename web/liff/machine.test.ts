import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Revealed, Reward } from "./api.ts";
import { errandOf, OPENING, step, type Event, type State } from "./machine.ts";
import { MAX_ATTEMPTS } from "./retry.ts";

const card = { cardId: "AQABAAAAB7GQ" };
const coupon: Revealed = { state: "revealed", prize: { id: "coupon-50", name: "50 off", kind: "coupon" } };
const points: Revealed = { state: "revealed", prize: { id: "points-10", name: "10 points", kind: "webhook" } };
const nothing: Revealed = { state: "revealed", prize: { id: "thanks", name: "Thank you", kind: "none" } };
const granted: Reward = { status: "granted" };
const pending: Reward = { status: "pending" };

const opened: Event = { type: "opened", card, foil: "whole", refusal: null };
const touched: Event = { type: "touched" };
const uncovered: Event = { type: "uncovered" };
const pressed: Event = { type: "redeem_pressed" };
const revealed = (won: Revealed): Event => ({ type: "revealed", won });
const redeemed = (reward: Reward, state: Revealed["state"] = "redeemed"): Event => ({ type: "redeemed", state, reward, nowMs: 0 });
const failed = (status: number, code: string, retryAfterMs: number | null = null): Event => ({
  type: "failed",
  failure: { kind: "problem", status, code: code as "overloaded", retryAfterMs },
  nowMs: 1_000,
  dice: 0.5,
});
const lost: Event = { type: "failed", failure: { kind: "network", offline: true }, nowMs: 0, dice: 0 };

const after = (...events: Event[]): State => events.reduce(step, OPENING);
const callOf = (state: State) => errandOf(state)?.call ?? null;

describe("a card", () => {
  test("is asked for its prize at the first touch, and no sooner", () => {
    expect(callOf(after(opened))).toBeNull();
    expect(callOf(after(opened, touched))).toBe("reveal");
  });

  test("holds its foil until the prize is there", () => {
    expect(after(opened, touched, uncovered).state).toBe("asking");
    expect(after(opened, touched, revealed(coupon)).state).toBe("loosened");
  });

  test("shows its prize once the foil is off, and waits for the button", () => {
    const state = after(opened, touched, revealed(coupon), uncovered);
    expect(state).toMatchObject({ state: "revealed", won: coupon });
    expect(callOf(state)).toBeNull();
  });

  test("that won nothing says thank you, and has nothing to redeem", () => {
    expect(after(opened, touched, revealed(nothing), uncovered, pressed).state).toBe("thanks");
  });

  test("that was scratched on an earlier visit has no foil, and asks for its prize by itself", () => {
    const state = after({ ...opened, foil: "off" });
    expect(state).toMatchObject({ state: "asking", foil: false });
    expect(step(state, revealed(coupon)).state).toBe("revealed");
  });

  test("that was touched on an earlier visit asks for its prize by itself, and keeps its foil", () => {
    const state = after({ ...opened, foil: "touched" });
    expect(state).toMatchObject({ state: "asking", foil: true });
    expect(step(state, revealed(coupon)).state).toBe("loosened");
  });

  test("that the reveal redeemed has no button", () => {
    const state = after(opened, touched, revealed({ ...points, state: "redeemed", reward: granted }), uncovered);
    expect(state).toMatchObject({ state: "rewarded", reward: granted, errand: null });
  });

  test("that was redeemed without a word of its reward asks how far it is", () => {
    expect(callOf(after(opened, touched, revealed({ ...points, state: "redeemed" }), uncovered))).toBe("reward");
  });
});

describe("redeeming", () => {
  const won = [opened, touched, revealed(points), uncovered];

  test("a second press is the first press", () => {
    const once = after(...won, pressed);
    expect(callOf(once)).toBe("redeem");
    expect(step(once, pressed)).toBe(once);
  });

  test("whatever happens, one press never asks twice unless the first asking failed", () => {
    const anyEvent = fc.constantFrom<Event>(
      pressed,
      pressed,
      redeemed(granted),
      redeemed(pending),
      touched,
      uncovered,
      opened,
      revealed(points),
      {
        type: "wait_over",
      },
    );
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        const errands = new Set<unknown>();
        let state = after(...won);
        for (const event of events) {
          state = step(state, event);
          if (state.state === "redeeming") errands.add(state.errand);
        }
        expect(errands.size).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("a reward on its way is asked for again, ever more slowly, and not for ever", () => {
    let state = after(...won, pressed, redeemed(pending));
    const waits: number[] = [];
    while (errandOf(state) !== null) {
      waits.push(errandOf(state)?.errand.untilMs ?? Number.NaN);
      state = [{ type: "wait_over" } as const, { type: "reward_seen", reward: pending, nowMs: 0 } as const].reduce<State>(step, state);
    }
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits.length).toBeGreaterThan(5);
    expect(state).toMatchObject({ state: "rewarded", reward: pending });
  });

  test("a code in the user's hand is not asked for again", () => {
    expect(after(...won, pressed, redeemed({ status: "pending", code: "CAFE" }))).toMatchObject({ errand: null });
  });

  test("the server that knows of no reveal is asked for the prize again", () => {
    expect(after(...won, pressed, failed(409, "not_revealed"))).toMatchObject({ state: "asking", foil: false });
  });

  test("a coupon that a till has taken before the button was pressed is a used one", () => {
    const taken = redeemed({ status: "granted", coupon: "AQAB" }, "used");
    expect(after(opened, touched, revealed(coupon), uncovered, pressed, taken)).toMatchObject({
      state: "rewarded",
      won: { state: "used" },
    });
  });

  test("what was redeemed stays on the screen, however the asking after it fails", () => {
    const state = after(...won, pressed, redeemed(pending), failed(404, "card_not_found"));
    expect(state).toMatchObject({ state: "rewarded", errand: null });
  });
});

describe("a call that fails", () => {
  test("for load waits as long as the server wishes, keeps the card, and goes on by itself", () => {
    const waiting = after(opened, touched, failed(503, "overloaded", 4_000));
    expect(waiting).toMatchObject({ state: "asking", card, errand: { failures: 1, reason: "busy" } });
    expect(errandOf(waiting)?.errand.untilMs).toBeGreaterThanOrEqual(5_000);
    const again = step(waiting, { type: "wait_over" });
    expect(errandOf(again)?.errand).toMatchObject({ untilMs: null, reason: "busy" });
    expect(step(again, revealed(coupon)).state).toBe("loosened");
  });

  test("for want of a network goes on when there is one again", () => {
    const waiting = after(opened, touched, lost);
    expect(errandOf(waiting)?.errand.reason).toBe("offline");
    expect(errandOf(step(waiting, { type: "back_online" }))?.errand.untilMs).toBeNull();
  });

  test("is tried a bounded number of times, and then the user is asked", () => {
    let state = after(opened, touched);
    for (let i = 0; i < MAX_ATTEMPTS; i++) {
      state = step(step(state, failed(503, "overloaded")), { type: "wait_over" });
      expect(state.state).toBe("asking");
    }
    expect(step(state, failed(503, "overloaded"))).toEqual({ state: "closed", reason: "unreachable" });
  });

  test("for want of a network is tried for as long as it takes", () => {
    let state = after(opened, touched);
    for (let i = 0; i < 10 * MAX_ATTEMPTS; i++) state = step(step(state, lost), { type: "wait_over" });
    expect(state).toMatchObject({ state: "asking", card });
  });

  test("too often ends the page only until the user or the network comes back", () => {
    const unreachable: State = { state: "closed", reason: "unreachable" };
    expect(callOf(step(unreachable, { type: "back_online" }))).toBe("open");
    expect(callOf(step(unreachable, { type: "returned", nowMs: 0, awayMs: 0 }))).toBe("open");
    expect(callOf(step({ state: "closed", reason: "campaign_state" }, { type: "returned", nowMs: 0, awayMs: 0 }))).toBe("open");
    const expired: State = { state: "closed", reason: "card_expired" };
    expect(step(expired, { type: "returned", nowMs: 0, awayMs: 0 })).toBe(expired);
  });

  test.each(["card_not_found", "card_expired", "card_voided", "campaign_not_found", "campaign_state"] as const)(
    "with %s ends the page, and says why",
    (code) => {
      expect(after(opened, touched, failed(409, code))).toEqual({ state: "closed", reason: code });
    },
  );

  test("with a refused LINE token or session asks to sign in again", () => {
    expect(after(failed(401, "line_token_invalid"))).toEqual({ state: "outside", reason: "token_refused" });
    expect(after(opened, touched, failed(401, "session_invalid"))).toEqual({ state: "outside", reason: "token_refused" });
  });

  test("in a way that the page does not know ends it without a guess, until the user asks again", () => {
    const broken = after(failed(400, "invalid_request"));
    expect(broken).toEqual({ state: "closed", reason: "broken" });
    expect(callOf(step(broken, { type: "returned", nowMs: 0, awayMs: 0 }))).toBe("open");
  });

  test("by a refusal that is not ours is made again", () => {
    expect(after(opened, touched, failed(403, "unknown"))).toMatchObject({ state: "asking", card, errand: { reason: "trouble" } });
  });
});

describe("a page that its user comes back to", () => {
  const back = (nowMs: number): Event => ({ type: "returned", nowMs, awayMs: 0 });

  test("goes on at once, but waits as long as a full server asked it to", () => {
    expect(errandOf(step(after(opened, touched, lost), back(1)))?.errand.untilMs).toBeNull();
    const busy = after(opened, touched, failed(503, "overloaded", 4_000));
    expect(step(busy, back(2_000))).toBe(busy);
    expect(errandOf(step(busy, back(60_000)))?.errand.untilMs).toBeNull();
  });

  test("makes no second call beside one that is under way", () => {
    const asking = after(opened, touched);
    expect(step(asking, back(60_000))).toBe(asking);
  });

  test("asks whether its coupon was used meanwhile, and keeps it on the screen", () => {
    const shown = after(opened, touched, revealed(coupon), uncovered, pressed, redeemed({ status: "granted", coupon: "AQAB" }));
    expect(callOf(shown)).toBeNull();
    const asking = step(shown, back(1));
    expect(callOf(asking)).toBe("reveal");
    const used = step(asking, revealed({ ...coupon, state: "used" }));
    expect(used).toMatchObject({ state: "rewarded", won: { state: "used" }, reward: { coupon: "AQAB" }, errand: null });
    expect(step(used, back(2))).toBe(used);
    expect(step(asking, failed(404, "card_not_found"))).toMatchObject({ state: "rewarded", errand: null });
  });

  test.each([
    [{ status: "failed" }, "reward"],
    [{ status: "pending" }, "reward"],
    [{ status: "granted" }, null],
  ] as const)("asks again for a reward that was last seen %o: %s", (reward, call) => {
    let shown = after(opened, touched, revealed(points), uncovered, pressed, redeemed(reward));
    while (errandOf(shown) !== null) shown = step(step(shown, { type: "wait_over" }), { type: "reward_seen", reward, nowMs: 0 });
    expect(callOf(step(shown, back(1)))).toBe(call);
  });

  test("knows a coupon that was won before, or that its user came back to, from one that was just won", () => {
    const won = after(opened, touched, revealed(coupon), uncovered, pressed, redeemed({ status: "granted", coupon: "AQAB" }));
    expect(won).toMatchObject({ visits: 0 });
    expect(step(won, { type: "returned", nowMs: 1, awayMs: 60_000 })).toMatchObject({ visits: 1 });
    const before = after(
      { ...opened, foil: "off" },
      revealed({ ...coupon, state: "redeemed", reward: { status: "granted", coupon: "AQAB" } }),
    );
    expect(before).toMatchObject({ state: "rewarded", visits: 1 });
    expect(step(before, back(1))).toMatchObject({ visits: 1 });
  });

  test.each(["limit_reached", "sold_out"] as const)(
    "after long draws again where it was told %s, for another day may have come, or cards",
    (refusal) => {
      const refused: State = { state: "lobby", refusal };
      const away = (awayMs: number): Event => ({ type: "returned", nowMs: 0, awayMs });
      expect(step(refused, away(60_000))).toBe(refused);
      expect(step(refused, away(3_600_000))).toEqual({ state: "lobby", refusal: null });
      const ended: State = { state: "lobby", refusal: "ended" };
      expect(step(ended, away(3_600_000))).toBe(ended);
    },
  );
});

describe("without a card", () => {
  const lobby: Event & { type: "opened" } = { type: "opened", card: null, foil: "whole", refusal: null };
  const drawn = (status: "issued" | "limit_reached" | "not_open", refusal: "ended" | null = null): Event => ({
    type: "drawn",
    status,
    card: status === "issued" ? card : null,
    foil: "whole",
    refusal,
  });

  test("a button draws one, once", () => {
    const drawing = after(lobby, { type: "draw_pressed" });
    expect(callOf(drawing)).toBe("draw");
    expect(step(drawing, { type: "draw_pressed" })).toBe(drawing);
    expect(step(drawing, drawn("issued"))).toEqual({ state: "covered", card });
  });

  test("a card that was touched before, and is drawn again, asks for its prize at once", () => {
    const again: Event = { type: "drawn", status: "replayed", card, foil: "touched", refusal: null };
    const state = after(lobby, { type: "draw_pressed" }, again);
    expect(state).toMatchObject({ state: "asking", card, foil: true });
    expect(callOf(state)).toBe("reveal");
  });

  test("a page that waits for the start opens when it has come, and no other refusal ends by that", () => {
    const waiting = after({ ...lobby, refusal: "not_started" });
    expect(step(waiting, { type: "started" })).toEqual({ state: "lobby", refusal: null });
    const ended = after({ ...lobby, refusal: "ended" });
    expect(step(ended, { type: "started" })).toBe(ended);
  });

  test("a refusal is said where the button was", () => {
    expect(after(lobby, { type: "draw_pressed" }, drawn("limit_reached"))).toEqual({ state: "lobby", refusal: "limit_reached" });
    expect(after(lobby, { type: "draw_pressed" }, drawn("not_open", "ended"))).toEqual({ state: "lobby", refusal: "ended" });
  });
});
