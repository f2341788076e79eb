import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import type { Settings } from "../settings.ts";
import { listGrants, MAX_LISTED } from "./list-grants.ts";
import type { ListOutcome } from "./list-grants.ts";

const SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGUgd2ViaG9vayB0ZXN0cyE=";
const PREVIOUS = "whsec_dGhlIHNlY3JldCB0aGF0IHdhcyB1c2VkIGJlZm9yZSE=";
const settings = { WEBHOOK_SECRET: SECRET, WEBHOOK_SECRET_PREVIOUS: PREVIOUS } as unknown as Settings;
const grantedAt = "2027-03-01T08:00:00+08:00";

type Answer = (url: string, init: RequestInit) => Response | Promise<Response>;

function list(answer: Answer, after = ""): Promise<ListOutcome> {
  const fetch = async (url: string, init: RequestInit) => answer(url, init);
  return listGrants("https://points.example/grants?tenant=7", { campaign: "spring", after }, "list-1", {
    settings,
    fetch,
    nowMs: Date.now,
  });
}

const listing =
  (...ids: readonly string[]) =>
  () =>
    Response.json({ grants: ids.map((id) => ({ id, grantedAt })) });

describe("the call", () => {
  test("names campaign, place and limit beside what the address has already, and is signed over no body by each secret", async () => {
    const asked: { url: URL; init: RequestInit }[] = [];
    await list((url, init) => {
      asked.push({ url: new URL(url), init });
      return listing()();
    }, "a&b");
    expect(asked).toHaveLength(1);
    for (const { url, init } of asked) {
      expect(url.origin + url.pathname).toBe("https://points.example/grants");
      expect(Object.fromEntries(url.searchParams)).toEqual({ tenant: "7", campaign: "spring", after: "a&b", limit: "1000" });
      expect(init.redirect).toBe("manual");
      expect(init.method ?? "GET").toBe("GET");
      const headers = Object.fromEntries(new Headers(init.headers));
      for (const secret of [SECRET, PREVIOUS]) expect(() => new Webhook(secret).verify("", headers)).not.toThrow();
    }
  });
});

describe("the answer", () => {
  test("is a page, the last one where it is not full; what else it tells of a grant is its own", async () => {
    const answer = () => Response.json({ grants: [{ id: "b", grantedAt, receipt: "r" }], more: true });
    expect(await list(answer, "a")).toEqual({ outcome: "listed", grants: [{ id: "b", grantedAt }], isLast: true });
    const ids = Array.from({ length: MAX_LISTED }, (_, i) => String(i).padStart(5, "0"));
    expect(await list(listing(...ids))).toMatchObject({ outcome: "listed", isLast: false });
  });

  test.each<[string, Answer]>([
    ["nothing", () => new Response(null, { status: 204 })],
    ["a page", () => new Response("<html>welcome</html>")],
    ["another object", () => Response.json({ rewards: [] })],
    ["grants without a time", () => Response.json({ grants: [{ id: "b" }] })],
    ["an id that no card has", listing("é")],
    ["more grants than were asked for", listing(...Array.from({ length: MAX_LISTED + 1 }, (_, i) => String(i).padStart(5, "0")))],
    ["more bytes than a list has", () => Response.json({ grants: [], more: "x".repeat(1_000_001) })],
    ["grants out of order", listing("c", "b")],
    ["grants in another order than the bytes'", listing("b", "C")],
    ["a grant twice", listing("b", "b")],
    ["the grant after which it was asked", listing("a", "b")],
    ["grants before that", listing("A", "b")],
  ])("that is a success with %s is no list, of a provider that is up", async (_, answer) => {
    expect(await list(answer, "a")).toMatchObject({
      outcome: "unlisted",
      reason: expect.stringMatching(/^answered 20[04] with /),
      isDown: false,
    });
  });

  test.each([301, 302, 307, 400, 401, 404, 410])("%i is no list, of a provider that is up", async (status) => {
    expect(await list(() => new Response("no", { status }))).toEqual({ outcome: "unlisted", reason: `answered ${status}`, isDown: false });
  });

  test.each([408, 425, 429, 500, 502, 503, 504])("%i is an outage", async (status) => {
    expect(await list(() => new Response(null, { status }))).toEqual({ outcome: "unlisted", reason: `answered ${status}`, isDown: true });
  });

  test.each([429, 503])("%i is obeyed when it says for how long", async (status) => {
    const answer = () => new Response(null, { status, headers: { "retry-after": "30" } });
    expect(await list(answer)).toEqual({ outcome: "unlisted", reason: `answered ${status}`, isDown: true, afterMs: 30_000 });
  });
});

describe("no answer", () => {
  test.each<[string, Answer]>([
    ["the connection failed", () => Promise.reject(new TypeError("fetch failed: connect ECONNREFUSED 10.0.0.1:443"))],
    ["the connection failed", () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) }))],
    ["no answer within 10 s", () => Promise.reject(new DOMException("signal timed out", "TimeoutError"))],
  ])("is an outage: %s", async (reason, answer) => {
    expect(await list(answer)).toEqual({ outcome: "unlisted", reason, isDown: true });
  });
});
