import { describe, expect, test } from "vitest";
import type { Drawn, PlayerApi, Reply } from "./api.ts";
import { behind, type Boot } from "./boot.ts";
import { errandsIn, type World } from "./errands.ts";
import { OPENING, type State } from "./machine.ts";
import { memoryOf } from "./memory.ts";
import { themeOf } from "../../worker/player/theme.ts";

const CARD = "AQAB";
const BOOT: Boot = {
  campaign: "spring",
  liffId: "2000000000-abcdefgh",
  channelId: "2000000000",
  title: { en: "Spring" },
  texts: {},
  theme: themeOf({}),
  dates: { startsAt: "2027-01-01T00:00:00Z", endsAt: "2027-02-01T00:00:00Z", timezone: "Asia/Taipei" },
  prizes: [],
  selfService: true,
  ...behind(0),
};
const DAY_MS = 24 * 3_600_000;
const DURING_MS = Date.parse("2027-01-15T00:00:00Z");
const covered: State = { state: "covered", card: { cardId: CARD } };

const idTokenOf = (sub: string) => `e30.${btoa(JSON.stringify({ sub }))}.`;
const ok = <T>(value: T): Promise<Reply<T>> => Promise.resolve({ ok: true, value, sentMs: 0 });
const no = (status: number, code: "session_invalid" | "line_token_invalid"): Promise<Reply<never>> =>
  Promise.resolve({ ok: false, failure: { kind: "problem", status, code, retryAfterMs: null } });
const begun = (session: string) => ok({ session, expiresAt: "2027-01-16T00:00:00Z" });

/** A world that answers well, and notes the calls that are made in it. */
function worldWith(
  changes: {
    readonly path?: string;
    readonly api?: Partial<PlayerApi>;
    readonly idToken?: string | null;
    readonly nowMs?: number;
    readonly boot?: Partial<Boot>;
  } = {},
) {
  const calls: string[] = [];
  const noted = (call: string) => void calls.push(call);
  const api: PlayerApi = {
    open: (_token, cardId) => (noted(`open ${cardId}`), begun("s1")),
    face: (session) => (noted(`face ${session}`), ok({ cardId: CARD })),
    draw: (_session, key) => (noted(`draw ${key}`), ok({ status: "issued", cardId: CARD })),
    reveal: (session) => (noted(`reveal ${session}`), ok({ state: "revealed", prize: { id: "p", name: "P", kind: "coupon" } })),
    redeem: (session) => (noted(`redeem ${session}`), ok({ state: "redeemed", reward: { status: "granted" } })),
    reward: (session) => (noted(`reward ${session}`), ok({ status: "granted" })),
    ownCards: (session, query) => (noted(`ownCards ${session} ${query}`), ok({ cards: [], next: null })),
    ...changes.api,
  };
  const kept = new Map<string, string>();
  const store = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  let keys = 0;
  const world: World = {
    boot: { ...BOOT, ...changes.boot },
    api,
    memory: memoryOf("spring", store, store),
    openLine: () =>
      Promise.resolve({
        inLine: true,
        idToken: () => Promise.resolve(changes.idToken === undefined ? idTokenOf("U1") : changes.idToken),
        signIn: () => undefined,
        share: () => Promise.resolve("unavailable"),
      }),
    route: () => (changes.path === "" ? { campaign: "spring", cardId: null } : { campaign: changes.path ?? "spring", cardId: CARD }),
    goTo: (path) => noted(`goTo ${path}`),
    nowMs: () => changes.nowMs ?? DURING_MS,
    dice: () => 0,
    makeKey: () => `key-${(keys += 1)}`,
    isOnline: () => true,
  };
  return { world, calls };
}

describe("opening", () => {
  test("takes one call: the session brings the card", async () => {
    const { world, calls } = worldWith();
    expect(await errandsIn(world).run("open", OPENING, [])).toMatchObject({ type: "opened", card: { cardId: CARD }, foil: "whole" });
    expect(calls).toEqual([`open ${CARD}`]);
  });

  test("takes one call again after a reload: the session is held", async () => {
    const { world, calls } = worldWith();
    await errandsIn(world).run("open", OPENING, []);
    await errandsIn(world).run("open", OPENING, []);
    expect(calls).toEqual([`open ${CARD}`, "face s1"]);
  });

  test("begins a new session where the held one is refused", async () => {
    const { world, calls } = worldWith({
      api: { face: (session) => (session === "s1" ? no(401, "session_invalid") : ok({ cardId: CARD })) },
    });
    await errandsIn(world).run("open", OPENING, []);
    expect(await errandsIn(world).run("open", OPENING, [])).toMatchObject({ type: "failed", failure: { code: "session_invalid" } });
    expect(calls).toEqual([`open ${CARD}`, "open null"]);
  });

  test("says that LINE does not know the user", async () => {
    expect(await errandsIn(worldWith({ idToken: null }).world).run("open", OPENING, [])).toEqual({
      type: "signed_out",
      reason: "token_refused",
    });
  });

  test("answers even where something breaks that should not", async () => {
    const { world } = worldWith({ api: { open: () => Promise.reject(new Error("a bug")) } });
    expect(await errandsIn(world).run("open", OPENING, [])).toMatchObject({ type: "failed", failure: { kind: "network" } });
    expect(await errandsIn(world).run("reveal", OPENING, [])).toMatchObject({ type: "failed" });
  });

  test("knows its own campaign only", async () => {
    expect(await errandsIn(worldWith({ path: "autumn" }).world).run("open", OPENING, [])).toMatchObject({
      failure: { code: "campaign_not_found" },
    });
  });

  test("is tried again where LINE cannot be reached", async () => {
    const { world } = worldWith();
    const errands = errandsIn({ ...world, openLine: () => Promise.reject(new Error("no network")) });
    expect(await errands.run("open", OPENING, [])).toMatchObject({ type: "failed", failure: { kind: "network" } });
  });

  test.each([
    ["before the start", { nowMs: 0 }, "not_started"],
    ["after the end", { nowMs: Date.parse("2028-01-01T00:00:00Z") }, "ended"],
    ["before the start, by a clock that is behind", { nowMs: DURING_MS - 20 * DAY_MS, boot: behind(20 * DAY_MS) }, null],
    ["before the start, by a clock that is ahead", { nowMs: DURING_MS, boot: behind(-20 * DAY_MS) }, null],
    ["before the start, by a clock that is a little behind", { nowMs: DURING_MS - 20 * DAY_MS, boot: behind(DAY_MS) }, "not_started"],
    ["after the end, by a clock that is ahead", { nowMs: DURING_MS + 20 * DAY_MS, boot: behind(-20 * DAY_MS) }, null],
    ["where cards are sent", { boot: { selfService: false } }, "by_invitation"],
    ["during the campaign", {}, null],
  ])("without a card, %s", async (_when, changes, refusal) => {
    expect(await errandsIn(worldWith({ ...changes, path: "" }).world).run("open", OPENING, [])).toMatchObject({
      type: "opened",
      card: null,
      refusal,
    });
  });
});

describe("a session", () => {
  test("that ends while the page is open is renewed, and the call made again", async () => {
    let sessions = 0;
    const { world } = worldWith({
      api: {
        open: () => begun(`s${(sessions += 1)}`),
        reveal: (session) =>
          session === "s1" ? no(401, "session_invalid") : ok({ state: "revealed", prize: { id: "p", name: "P", kind: "coupon" } }),
      },
    });
    const errands = errandsIn(world);
    await errands.run("open", OPENING, []);
    expect(await errands.run("reveal", covered, [])).toMatchObject({ type: "revealed" });
  });

  test.each([
    ["ahead", -365 * DAY_MS],
    ["behind", 365 * DAY_MS],
  ])("is held as long as it lasts, and no longer, where the phone's clock is a year %s", async (_way, behindMs) => {
    const changes = { nowMs: DURING_MS - behindMs, boot: behind(behindMs) };
    const { world, calls } = worldWith(changes);
    const errands = errandsIn(world);
    await errands.run("open", OPENING, []);
    await errands.run("reveal", covered, []);
    await errandsIn({ ...world, nowMs: () => changes.nowMs + 2 * DAY_MS }).run("open", OPENING, []);
    expect(calls).toEqual([`open ${CARD}`, "reveal s1", `open ${CARD}`]);
  });

  test("is tried though it has ended by a clock that was set forward while the page was open", async () => {
    let nowMs = DURING_MS;
    const { world, calls } = worldWith();
    const errands = errandsIn({ ...world, nowMs: () => nowMs });
    await errands.run("open", OPENING, []);
    nowMs += 400 * DAY_MS;
    expect(await errands.run("reveal", covered, [])).toMatchObject({ type: "revealed" });
    expect(calls).toEqual([`open ${CARD}`, "reveal s1"]);
  });

  test("that cannot be renewed is said as what it is", async () => {
    const { world } = worldWith({ api: { open: () => no(401, "line_token_invalid") } });
    expect(await errandsIn(world).run("open", OPENING, [])).toMatchObject({ type: "failed", failure: { code: "line_token_invalid" } });
  });
});

test("the user's own cards are asked for with the session of the page", async () => {
  const { world, calls } = worldWith();
  const errands = errandsIn(world);
  await errands.run("open", OPENING, []);
  expect(await errands.ownCards("?cursor=c2")).toMatchObject({ ok: true, value: { cards: [], next: null } });
  expect(calls).toEqual([`open ${CARD}`, "ownCards s1 ?cursor=c2"]);
});

describe("a draw", () => {
  test("that got no answer is made again under the same key", async () => {
    let draws = 0;
    const { world, calls } = worldWith({ path: "" });
    const flaky: PlayerApi = {
      ...world.api,
      draw: (session, key) =>
        (draws += 1) === 1 ? Promise.resolve({ ok: false, failure: { kind: "network", offline: false } }) : world.api.draw(session, key),
    };
    const errands = errandsIn({ ...world, api: flaky });
    await errands.run("open", OPENING, []);
    await errands.run("draw", OPENING, []);
    expect(await errands.run("draw", OPENING, [])).toMatchObject({ type: "drawn", status: "issued", card: { cardId: CARD } });
    expect(calls).toEqual(["open null", "draw key-1", `goTo /c/spring/${CARD}`]);
  });

  test("whose answer was lost, and whose card was scratched all the same, is followed by another one", async () => {
    const answers: Reply<Drawn>[] = [
      { ok: false, failure: { kind: "network", offline: false } },
      { ok: true, value: { status: "replayed", cardId: CARD }, sentMs: 0 },
      { ok: true, value: { status: "issued", cardId: "AQAC" }, sentMs: 0 },
    ];
    const keys: string[] = [];
    const { world } = worldWith({
      path: "",
      api: {
        draw: (_session, key) => {
          keys.push(key);
          return Promise.resolve(answers.shift() ?? { ok: true, value: { status: "sold_out" }, sentMs: 0 });
        },
      },
    });
    const errands = errandsIn(world);
    await errands.run("open", OPENING, []);
    await errands.run("draw", OPENING, []);
    world.memory.scratched(CARD);
    expect(await errands.run("draw", OPENING, [])).toMatchObject({ type: "drawn", card: { cardId: "AQAC" } });
    expect(keys).toEqual(["key-1", "key-1", "key-2"]);
  });

  test("that is made again keeps its key, though another tab had the answer meanwhile", async () => {
    const keys: string[] = [];
    const { world } = worldWith({
      path: "",
      api: {
        draw: (_session, key) => {
          keys.push(key);
          if (keys.length > 1) return ok({ status: "replayed", cardId: CARD });
          world.memory.drawn("U1", key);
          return Promise.resolve({ ok: false, failure: { kind: "network", offline: false } });
        },
      },
    });
    const errands = errandsIn(world);
    await errands.run("open", OPENING, []);
    await errands.run("draw", OPENING, []);
    expect(await errands.run("draw", OPENING, [])).toMatchObject({ type: "drawn", card: { cardId: CARD } });
    expect(keys).toEqual(["key-1", "key-1"]);
  });

  test("that gives a card which was touched before tells how its foil was left", async () => {
    const { world } = worldWith({ path: "", api: { draw: () => ok({ status: "replayed", cardId: CARD }) } });
    world.memory.keepStrokes(CARD, [1, 2, 3, 4, 5]);
    const errands = errandsIn(world);
    await errands.run("open", OPENING, []);
    expect(await errands.run("draw", OPENING, [])).toMatchObject({ type: "drawn", card: { cardId: CARD }, foil: "touched" });
  });

  test.each([
    ["before the start", -DAY_MS, "not_started"],
    ["during the campaign", 5 * DAY_MS, null],
    ["after the end", 60 * DAY_MS, "ended"],
  ])("that is refused %s believes the server's clock", async (_when, sinceStartMs, refusal) => {
    const sentMs = Date.parse(BOOT.dates.startsAt) + sinceStartMs;
    const { world } = worldWith({
      path: "",
      boot: behind(-20 * DAY_MS),
      api: { draw: () => Promise.resolve({ ok: true, value: { status: "not_open" }, sentMs }) },
    });
    const errands = errandsIn(world);
    await errands.run("open", OPENING, []);
    expect(await errands.run("draw", OPENING, [])).toMatchObject({ type: "drawn", status: "not_open", refusal });
    expect(world.boot.mostBehindMs).toBe(sentMs - world.nowMs());
  });

  test("after a finished one is another draw", async () => {
    const { world, calls } = worldWith({ path: "" });
    const errands = errandsIn(world);
    await errands.run("open", OPENING, []);
    await errands.run("draw", OPENING, []);
    await errands.run("draw", OPENING, []);
    expect(calls.filter((call) => call.startsWith("draw"))).toEqual(["draw key-1", "draw key-2"]);
  });
});
