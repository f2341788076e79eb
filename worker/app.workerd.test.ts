import { createExecutionContext, createMessageBatch } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { app } from "./app.ts";
import { answerOf, call, problemOf, publishedCampaign } from "./edge.fixture.ts";
import { consume } from "./queues.ts";
import { runSchedule } from "./schedule.ts";

/** A request to the edge with some of its bindings replaced. */
function callWith(over: Partial<Env>, path: string): Promise<Response> {
  return Promise.resolve(app.request(path, {}, { ...env, ...over }, createExecutionContext()));
}

describe("the edge", () => {
  it("says that it is alive, and that every part it needs answers", async () => {
    expect(await answerOf(await call("/healthz"))).toEqual({ alive: true });
    expect(await answerOf(await call("/readyz"))).toEqual({ ready: true });
  });

  it("names the part that does not answer", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const POOLS = { head: () => Promise.reject(new Error("no such bucket")) } as unknown as R2Bucket;
    const response = await callWith({ POOLS }, "/readyz");
    expect(await answerOf(response, 503)).toMatchObject({ code: "not_ready", failed: ["r2"] });
    log.mockRestore();
  });

  it("stops at the first request when a setting is missing, with its name and no value", async () => {
    const { CARD_KEY: _, ...incomplete } = env;
    const response = await app.request(
      "/player/v1/campaigns/spring",
      {},
      { ...incomplete, PARTNER_KEY: "too short" },
      createExecutionContext(),
    );
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ status: 500, code: "setting_missing", errors: [{ at: "CARD_KEY" }, { at: "PARTNER_KEY" }] });
    expect(text).not.toContain("too short");
    expect((await app.request("/healthz", {}, incomplete, createExecutionContext())).status).toBe(200);
  });

  it("takes no name that every object has for a reward provider", async () => {
    const provider = JSON.stringify({ url: "https://rewards.example", permitsPerSecond: 1 });
    const response = await callWith({ REWARD_PROVIDERS: `{"constructor":${provider}}` }, "/player/v1/campaigns/spring");
    expect(await response.json()).toMatchObject({ code: "setting_missing", errors: [{ at: "REWARD_PROVIDERS.constructor" }] });
  });

  it("answers an unknown address with not_found, a known one's other methods with method_not_allowed", async () => {
    for (const path of ["/nowhere", "/partner/v1/nowhere", "/player/v1", "/admin/v1/nowhere"]) {
      expect(await problemOf(await call(path))).toBe("not_found");
    }
    const draws = await call("/partner/v1/campaigns/spring/draws");
    expect(draws.headers.get("allow")).toBe("POST");
    expect(await problemOf(draws)).toBe("method_not_allowed");
    const campaign = await call("/player/v1/campaigns/spring", { method: "DELETE" });
    expect(campaign.headers.get("allow")).toBe("GET, HEAD");
    expect(await problemOf(campaign)).toBe("method_not_allowed");
  });

  it("says nothing of the inside when something breaks", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const CONFIG = { get: () => Promise.reject(new Error("kv://secret-namespace is down")) } as unknown as KVNamespace;
    const text = await (await callWith({ CONFIG }, "/player/v1/campaigns/broken")).text();
    expect(JSON.parse(text)).toMatchObject({ status: 500, code: "internal" });
    expect(text).not.toContain("kv");
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
  });

  it("describes every route in OpenAPI 3.1, with the problem document", async () => {
    const document = await answerOf<{ openapi: string; paths: Record<string, object>; components: { schemas: object } }>(
      await call("/openapi.json"),
    );
    expect(document.openapi).toBe("3.1.0");
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const mounted = app.routes
      .filter(({ method, path }) => method !== "ALL" && /^\/(partner|player|admin)\/v1\//.test(path))
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect(new Set(described)).toEqual(new Set(mounted));
    expect(document.components.schemas).toHaveProperty("Problem");
    expect(document.components.schemas).toHaveProperty("CampaignFile.properties.cardTtlHours");
    expect(document.components.schemas).toHaveProperty("PrizeBalance.properties.returned");

    const docs = await call("/docs");
    expect(docs.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
    const html = await docs.text();
    expect(html.match(/<article/g)).toHaveLength(described.length);
    expect(html).not.toMatch(/<script|(?:src|href)="https?:/);
  });

  it("answers the page with its campaign, under a strict policy, and does not reflect what it was asked for", async () => {
    const ASSETS = { fetch: async () => new Response("<html><head></head></html>") } as unknown as Fetcher;
    const campaign = await publishedCampaign();
    const page = await callWith({ ASSETS }, `/c/${campaign}/some-card`);
    const html = await page.text();
    expect(html).toContain(`"campaign":"${campaign}"`);
    expect(html).not.toContain("some-card");
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'; script-src 'self'/);
    expect(await (await callWith({ ASSETS }, "/c/nowhere/x")).text()).toContain('id="kuji-boot">null</script>');
  });
});

describe("queues and schedule", () => {
  it("refuse a queue that has no consumer, so that its messages are kept", async () => {
    await expect(consume(createMessageBatch("unheard-of", []), env)).rejects.toThrow("unheard-of");
  });

  it("run every errand though another fails", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const prepare = vi.fn<(sql: string) => D1PreparedStatement>((sql) => env.LEDGER.prepare(sql));
    const POOLS = { list: () => Promise.reject(new Error("no such bucket")) } as unknown as R2Bucket;
    await runSchedule({ ...env, POOLS, LEDGER: { prepare, batch: env.LEDGER.batch.bind(env.LEDGER) } as unknown as D1Database });
    expect(log.mock.calls.flat().join("")).toContain('"errand":"scanUploads"');
    expect(log).toHaveBeenCalledOnce();
    expect(prepare.mock.calls.flat().join("")).toContain("rewards");
    log.mockRestore();
  });
});
