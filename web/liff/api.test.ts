import { describe, expect, test, vi } from "vitest";
import { playerApi } from "./api.ts";

const NOW_MS = Date.parse("2027-02-05T12:00:00Z");

/** A server that answers every call with `response`, and remembers the last one. */
function serverAnswering(response: () => Response | Promise<Response>) {
  const seen: { url: string; init: RequestInit }[] = [];
  const api = playerApi(
    "spring-2027",
    async (url, init) => {
      seen.push({ url, init });
      return response();
    },
    () => false,
    () => NOW_MS,
  );
  return { api, seen };
}
const refusing = (status: number, body: string, headers: HeadersInit = {}) =>
  serverAnswering(() => new Response(body, { status, headers })).api;

describe("the player API", () => {
  test("reveals with the bearer token and the trail", async () => {
    const { api, seen } = serverAnswering(() => Response.json({ state: "revealed", prize: {} }));
    expect(await api.reveal("s3", "AQAB", [[1200, 8]])).toMatchObject({ ok: true, value: { state: "revealed", prize: {} } });
    expect(seen[0]).toMatchObject({
      url: "/player/v1/campaigns/spring-2027/cards/AQAB/reveal",
      init: { method: "POST", headers: { authorization: "Bearer s3" }, body: '{"trail":[[1200,8]]}' },
    });
  });

  test("opens with the ID token, and names a card only where there is one", async () => {
    const { api, seen } = serverAnswering(() => Response.json({}));
    await api.open("token", null);
    await api.open("token", "AQAB");
    expect(seen.map(({ init }) => JSON.parse(init.body as string) as unknown)).toEqual([
      { campaign: "spring-2027", idToken: "token" },
      { campaign: "spring-2027", idToken: "token", cardId: "AQAB" },
    ]);
  });

  test("draws under the caller's key", async () => {
    const { api, seen } = serverAnswering(() => Response.json({ status: "issued" }));
    await api.draw("s3", "key-1");
    expect(seen[0]?.init.headers).toMatchObject({ "idempotency-key": "key-1" });
  });

  test("asks for the own cards page by page", async () => {
    const { api, seen } = serverAnswering(() => Response.json({ cards: [], next: null }));
    await api.ownCards("s3", "");
    await api.ownCards("s3", "?cursor=a%2Bb");
    expect(seen.map(({ url }) => url)).toEqual([
      "/player/v1/campaigns/spring-2027/cards",
      "/player/v1/campaigns/spring-2027/cards?cursor=a%2Bb",
    ]);
  });

  test("tells a refusal by its code, with the wait that the server wishes", async () => {
    const reply = await refusing(503, '{"code":"overloaded"}', { "retry-after": "3" }).face("s", "AQAB");
    expect(reply).toEqual({ ok: false, failure: { kind: "problem", status: 503, code: "overloaded", retryAfterMs: 3_000 } });
  });

  test("counts a wait until a date from the server's clock, and from its own only where the server tells no time", async () => {
    const wished = async (headers: HeadersInit) => {
      const reply = await refusing(503, "{}", headers).face("s", "AQAB");
      return !reply.ok && reply.failure.kind === "problem" ? reply.failure.retryAfterMs : undefined;
    };
    const [date, later, earlier] = [0, 30_000, -30_000].map((ms) => new Date(NOW_MS - 7_200_000 + ms).toUTCString());
    expect(await wished({ date: date ?? "", "retry-after": later ?? "" })).toBe(30_000);
    expect(await wished({ date: date ?? "", "retry-after": earlier ?? "" })).toBe(0);
    expect(await wished({ "retry-after": new Date(NOW_MS + 5_000).toUTCString() })).toBe(5_000);
    expect(await wished({ "retry-after": "soon" })).toBeNull();
  });

  test("takes a page that is no problem document for an unknown problem", async () => {
    const reply = await refusing(502, "<html>bad gateway</html>").face("s", "AQAB");
    expect(reply).toEqual({ ok: false, failure: { kind: "problem", status: 502, code: "unknown", retryAfterMs: null } });
  });

  test.each(["{}", '{"session":null,"status":null,"prize":null,"reward":null,"cards":null}', "null", "[]", '"x"', "7"])(
    "takes %s for a fault, where it is not an answer",
    async (body) => {
      const { api } = serverAnswering(() => new Response(body));
      const fault = { ok: false, failure: { kind: "network", offline: true } };
      const answers = [api.open("t", null), api.draw("s", "k"), api.reveal("s", "c", []), api.redeem("s", "c"), api.reward("s", "c")];
      for (const answer of [...answers, api.ownCards("s", "")]) expect(await answer).toEqual(fault);
    },
  );

  test("gives a call up after twelve seconds, and later calls later, up to a minute", async () => {
    const timeouts = vi.spyOn(AbortSignal, "timeout");
    let fault: Error = new DOMException("", "TimeoutError");
    const { api } = serverAnswering(() => Promise.reject(fault));
    for (let i = 0; i < 5; i++) await api.face("s", "AQAB");
    fault = new TypeError("failed to fetch");
    for (let i = 0; i < 2; i++) await api.face("s", "AQAB");
    expect(timeouts.mock.calls.flat()).toEqual([12_000, 24_000, 48_000, 60_000, 60_000, 60_000, 60_000]);
    timeouts.mockRestore();
  });

  test("does not throw where there is no network, or half an answer", async () => {
    const offline = { ok: false, failure: { kind: "network", offline: true } };
    expect(await serverAnswering(() => Promise.reject(new TypeError("failed"))).api.face("s", "AQAB")).toEqual(offline);
    expect(await serverAnswering(() => new Response('{"cardId":')).api.face("s", "AQAB")).toEqual(offline);
  });
});
