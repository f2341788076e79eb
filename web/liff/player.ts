import type { TrailPoint } from "../../durable-objects/protocol.ts";
import type { Errands } from "./errands.ts";
import { errandOf, OPENING, step, type Event, type State } from "./machine.ts";
import type { Memory } from "./memory.ts";
import { addPoint } from "./trail.ts";

/** The server takes no later point; a page may lie open for longer, and a clock be set back. */
const LAST_POINT_MS = 24 * 3_600_000;

/** The clock that the player waits by. */
export interface Clock {
  nowMs(): number;
  after(ms: number, run: () => void): void;
}

/** Keeps the state, makes the call that it waits for, and tells the view. */
export interface Player {
  readonly state: State;
  send(event: Event): void;
  /** How much of the foil is off, in percent. */
  scratchedTo(percent: number): void;
  /** The strokes on this card's foil, as the last finger that was lifted left them. */
  strokesOn(cardId: string): readonly number[];
  lifted(strokes: readonly number[]): void;
  subscribe(listener: () => void): () => void;
  /** Makes the first call. */
  start(): void;
}

export function playerOf(errands: Errands, memory: Pick<Memory, "scratched" | "strokesOn" | "keepStrokes">, clock: Clock): Player {
  const openedAtMs = clock.nowMs();
  const listeners = new Set<() => void>();
  let state: State = OPENING;
  let trail: readonly TrailPoint[] = [];

  function send(event: Event): void {
    const next = step(state, event);
    if (next === state) return;
    state = next;
    if (state.state === "revealed" || state.state === "thanks" || state.state === "rewarded") memory.scratched(state.card.cardId);
    // From here on a card that is opened again asks for its prize by itself.
    if (event.type === "touched" && state.state === "asking") memory.keepStrokes(state.card.cardId, []);
    for (const listener of listeners) listener();
    pursue();
  }

  /** Makes the call that the state waits for, now or after its wait. A reply to an errand that is no longer the current one is dropped. */
  function pursue(): void {
    const current = errandOf(state);
    if (current === null) return;
    const { call, errand } = current;
    const answer = (event: Event) => {
      if (errandOf(state)?.errand === errand) send(event);
    };
    if (errand.untilMs === null) void errands.run(call, state, trail).then(answer);
    else clock.after(Math.max(0, errand.untilMs - clock.nowMs()), () => answer({ type: "wait_over" }));
  }

  return {
    get state() {
      return state;
    },
    send,
    scratchedTo: (percent) => {
      const sinceMs = Math.min(LAST_POINT_MS, Math.max(0, clock.nowMs() - openedAtMs));
      trail = addPoint(trail, [sinceMs, Math.round(percent)]);
      // Left while the foil fades, or the prize is looked at, the card opens to its prize.
      if (percent === 100 && state.state === "loosened") memory.scratched(state.card.cardId);
    },
    strokesOn: memory.strokesOn,
    lifted: (strokes) => {
      if (state.state === "asking" || state.state === "loosened") memory.keepStrokes(state.card.cardId, strokes);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start: pursue,
  };
}
