import type { Store } from "../memory.ts";

const MUTED_KEY = "kuji.muted";
/** A motor needs this long to start and stop; faster pulses are one long buzz. */
const PULSE_EVERY_MS = 70;
const PULSE_MS = 7;
const WIN_PULSES_MS = [22, 60, 22, 60, 70];
/** A finger this fast, in CSS pixels an event, is as loud as it gets. */
const LOUDEST_MOVE = 24;

/** What a phone can do beside its screen. */
export interface Instrument {
  /** Called in the handler of a touch, before which a browser makes no sound. */
  wake(): void;
  /** The hiss of a scratch; `strength` is from 0 to 1. */
  hiss(strength: number): void;
  chime(): void;
  vibrate(pattern: number | number[]): void;
}

/** Sound and vibration: nothing before the first touch, and nothing for who has switched it off. */
export interface Feel {
  readonly on: boolean;
  /** Switches, and remembers it on this device. */
  toggle(): void;
  touched(): void;
  /** The finger took foil off along `moved` CSS pixels. */
  scratched(moved: number): void;
  won(): void;
}

/** `still`: the user asked for less motion, and a phone that shakes is motion. */
export function feelOf(instrument: Instrument, store: Store, still: boolean, nowMs: () => number): Feel {
  let on = store.getItem(MUTED_KEY) === null;
  let awake = false;
  let pulsedMs = Number.NEGATIVE_INFINITY;
  const vibrate = (pattern: number | number[]) => {
    if (!still) instrument.vibrate(pattern);
  };

  return {
    get on() {
      return on;
    },
    toggle: () => {
      on = !on;
      if (on) store.removeItem(MUTED_KEY);
      else store.setItem(MUTED_KEY, "1");
    },
    touched: () => {
      if (!on) return;
      awake = true;
      instrument.wake();
    },
    scratched: (moved) => {
      if (!on || !awake || moved <= 0) return;
      instrument.hiss(Math.min(1, moved / LOUDEST_MOVE));
      if (nowMs() - pulsedMs < PULSE_EVERY_MS) return;
      pulsedMs = nowMs();
      vibrate(PULSE_MS);
    },
    won: () => {
      if (!on || !awake) return;
      instrument.chime();
      vibrate(WIN_PULSES_MS);
    },
  };
}
