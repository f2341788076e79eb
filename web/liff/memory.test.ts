import { describe, expect, test } from "vitest";
import { memoryOf, storeOf, type Store } from "./memory.ts";

function emptyStore(): Store {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}
const session = { token: "t", user: "U1", expiresAtMs: 1_000_000 };

describe("memory", () => {
  test("keeps a session over a reload, for its user alone, until shortly before it ends", () => {
    const tab = emptyStore();
    memoryOf("spring", tab, emptyStore()).keepSession(session);
    const reloaded = memoryOf("spring", tab, emptyStore());
    expect(reloaded.session("U1", 0)).toEqual(session);
    expect(reloaded.session("U2", 0)).toBeNull();
    expect(reloaded.session("U1", 999_000)).toBeNull();
    expect(memoryOf("autumn", tab, emptyStore()).session("U1", 0)).toBeNull();
  });

  test("keeps the key of a draw until the draw is done", () => {
    const tab = emptyStore();
    const first = memoryOf("spring", tab, emptyStore()).drawKey(() => "one");
    const reloaded = memoryOf("spring", tab, emptyStore());
    expect([first, reloaded.drawKey(() => "two")]).toEqual(["one", "one"]);
    reloaded.drawn();
    expect(reloaded.drawKey(() => "two")).toBe("two");
  });

  test("remembers the cards that were scratched last, and not without bound", () => {
    const device = emptyStore();
    const memory = memoryOf("spring", emptyStore(), device);
    for (let i = 0; i < 60; i++) memory.scratched(`card-${i}`);
    expect(memory.foilOf("card-59")).toBe("off");
    expect(memory.foilOf("card-0")).toBe("whole");
    expect(memoryOf("autumn", emptyStore(), device).foilOf("card-59")).toBe("off");
  });

  test("keeps the strokes on a card until its foil is off, and those of a few cards only", () => {
    const device = emptyStore();
    const memory = memoryOf("spring", emptyStore(), device);
    memory.keepStrokes("card", [1, 2, 3, 4, 5]);
    memory.keepStrokes("other", []);
    const reopened = memoryOf("spring", emptyStore(), device);
    expect([reopened.foilOf("card"), reopened.strokesOn("card")]).toEqual(["touched", [1, 2, 3, 4, 5]]);
    expect([reopened.foilOf("other"), reopened.strokesOn("other")]).toEqual(["touched", []]);
    reopened.scratched("card");
    expect([reopened.foilOf("card"), reopened.strokesOn("card")]).toEqual(["off", []]);
    for (let i = 0; i < 9; i++) memory.keepStrokes(`card-${i}`, [i]);
    expect(memory.foilOf("card-0")).toBe("whole");
    expect(memory.strokesOn("card-8")).toEqual([8]);
  });

  test("of a browser that keeps nothing still holds the session while the page is open", () => {
    const forbidden = storeOf(() => {
      throw new Error("denied");
    });
    const throwing = () => {
      throw new Error("full");
    };
    const full = storeOf(() => ({ ...emptyStore(), setItem: throwing }) as unknown as Storage);
    const broken = storeOf(() => ({ getItem: throwing, setItem: throwing, removeItem: throwing }) as unknown as Storage);
    const missing = storeOf(() => null);
    for (const store of [forbidden, full, broken, missing]) {
      const memory = memoryOf("spring", store, store);
      memory.keepSession(session);
      memory.scratched("card");
      expect(memory.session("U1", 0)).toEqual(session);
      expect(memory.foilOf("card")).toBe("whole");
      memory.dropSession();
    }
    expect(full.getItem("kuji.scratched")).toBeNull();
  });

  test.each(['{"a":1}', "5", "null", "[null]", '[["card"]]', '[["card","zz"]]', "nonsense"])(
    "makes nothing of %s that it did not write",
    (found) => {
      const device = emptyStore();
      device.setItem("kuji.touched", found);
      device.setItem("kuji.scratched", found);
      const memory = memoryOf("spring", emptyStore(), device);
      expect(memory.foilOf("another")).toBe("whole");
      expect(memory.strokesOn("card")).toEqual([]);
      memory.keepStrokes("card", [1]);
      expect(memory.strokesOn("card")).toEqual([1]);
      memory.scratched("card");
      expect(memory.foilOf("card")).toBe("off");
    },
  );
});
