import { expect, test } from "vitest";
import { storeOf, type Store } from "../memory.ts";
import { feelOf } from "./feel.ts";

function emptyStore(): Store {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

/** A phone that notes what it is told to do, on a clock that is turned by hand. */
function phone(store: Store, still = false) {
  const done: string[] = [];
  let nowMs = 0;
  const feel = feelOf(
    {
      wake: () => void done.push("wake"),
      hiss: (strength) => void done.push(`hiss ${strength}`),
      chime: () => void done.push("chime"),
      vibrate: (pattern) => void done.push(`vibrate ${pattern.toString()}`),
    },
    store,
    still,
    () => nowMs,
  );
  const turnTo = (ms: number) => {
    nowMs = ms;
  };
  return { feel, done, turnTo };
}

test("nothing is heard or felt before the first touch", () => {
  const { feel, done } = phone(emptyStore());
  feel.scratched(12);
  feel.won();
  expect(done).toEqual([]);
  feel.touched();
  feel.scratched(12);
  expect(done).toEqual(["wake", "hiss 0.5", "vibrate 7"]);
});

test("a fast finger is louder, up to a bound, and a still one is silent", () => {
  const { feel, done } = phone(emptyStore(), true);
  feel.touched();
  for (const moved of [0, 6, 900]) feel.scratched(moved);
  expect(done).toEqual(["wake", "hiss 0.25", "hiss 1"]);
});

test("the phone pulses while it is scratched, and does not buzz", () => {
  const { feel, done, turnTo } = phone(emptyStore());
  feel.touched();
  for (let ms = 0; ms < 280; ms += 10) {
    turnTo(ms);
    feel.scratched(5);
  }
  expect(done.filter((what) => what.startsWith("vibrate"))).toHaveLength(4);
});

test("a win is heard, and felt unless the user asked for less motion", () => {
  for (const still of [false, true]) {
    const { feel, done } = phone(emptyStore(), still);
    feel.touched();
    feel.won();
    expect(done.slice(0, 2)).toEqual(["wake", "chime"]);
    expect(done).toHaveLength(still ? 2 : 3);
  }
});

test("who switches it off has it off on the next visit, too", () => {
  const store = emptyStore();
  phone(store).feel.toggle();
  const { feel, done } = phone(store);
  feel.touched();
  feel.scratched(9);
  feel.won();
  expect([feel.on, done]).toEqual([false, []]);
  feel.toggle();
  expect(phone(store).feel.on).toBe(true);
});

test("a browser that keeps nothing can still be switched off", () => {
  const { feel } = phone(
    storeOf(() => {
      throw new Error("denied");
    }),
  );
  expect(feel.on).toBe(true);
  feel.toggle();
  expect(feel.on).toBe(false);
});
