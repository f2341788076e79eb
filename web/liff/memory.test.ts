import * as fc from "fast-check";
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
    reloaded.keepSession({ ...session, token: "no header: 券" });
    expect(reloaded.session("U1", 0)).toBeNull();
    expect(memoryOf("autumn", tab, emptyStore()).session("U1", 0)).toBeNull();
  });

  test("keeps the key of a draw until it was answered, for its user alone, also over the end of the app", () => {
    const device = emptyStore();
    const open = (campaign = "spring") => memoryOf(campaign, emptyStore(), device);
    expect(open().drawKey("U1", () => "one")).toBe("one");
    expect(open().drawKey("U1", () => "two")).toBe("one");
    expect(open().drawKey("U2", () => "two")).toBe("two");
    expect(open("autumn").drawKey("U1", () => "three")).toBe("three");
    open().drawn("U1", "one");
    expect(open().drawKey("U1", () => "four")).toBe("four");
    // The answer to an older draw comes late, in another tab.
    open().drawn("U1", "one");
    expect(open().drawKey("U1", () => "five")).toBe("four");
    expect(open().drawKey("U2", () => "six")).toBe("two");
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

  const refuse = () => {
    throw new Error("denied");
  };
  test.each([
    ["is forbidden", refuse],
    ["is not there", () => null as unknown as Store],
    ["throws at everything", () => ({ getItem: refuse, setItem: refuse, removeItem: refuse })],
    ["is full", () => ({ ...emptyStore(), setItem: refuse })],
  ])("of a browser whose store %s lasts while the page is open", (_how, get) => {
    const memory = memoryOf("spring", storeOf(get), storeOf(get));
    memory.keepSession(session);
    memory.keepStrokes("touched", [1, 2, 3, 4, 5]);
    memory.scratched("scratched");
    expect(memory.session("U1", 0)).toEqual(session);
    expect(["touched", "scratched", "other"].map((cardId) => memory.foilOf(cardId))).toEqual(["touched", "off", "whole"]);
    expect([memory.drawKey("U1", () => "one"), memory.drawKey("U1", () => "two")]).toEqual(["one", "one"]);
    memory.dropSession();
    memory.drawn("U1", "one");
    expect([memory.session("U1", 0), memory.drawKey("U1", () => "two")]).toEqual([null, "two"]);
  });

  test("plays on with whatever is found in the store, and mends it", () => {
    const touched = fc.oneof(fc.json(), fc.constantFrom('[["card","zz"]]', "[[null]]", '[["card",[1e300,0,0,0,1]]]'));
    fc.assert(
      fc.property(fc.json(), touched, fc.oneof(fc.json(), fc.string()), (any, kept, key) => {
        const store = emptyStore();
        for (const name of ["kuji.scratched", "kuji.session.spring"]) store.setItem(name, any);
        store.setItem("kuji.touched", kept);
        store.setItem("kuji.draw.spring.U1", key);
        const memory = memoryOf("spring", store, store);
        expect(memory.session("U1", 0)).toBeNull();
        expect(memory.foilOf("card")).toBe("whole");
        expect(memory.strokesOn("card")).toEqual([]);
        expect(memory.drawKey("U1", () => "made")).toMatch(/^[\w-]{1,64}$/);
        memory.keepStrokes("card", [1, 2, 3, 4, 5]);
        expect([memory.foilOf("card"), memory.strokesOn("card")]).toEqual(["touched", [1, 2, 3, 4, 5]]);
        memory.scratched("card");
        expect(memory.foilOf("card")).toBe("off");
      }),
    );
  });
});
