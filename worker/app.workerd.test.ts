import { SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";

const ORIGIN = "http://kuji.test";

async function problemOf(response: Response): Promise<{ status: number; code: string }> {
  expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  const { status, code } = await response.json<{ status: number; code: string }>();
  expect(status).toBe(response.status);
  return { status, code };
}

describe("the edge", () => {
  it("says that it is alive, and that every part it needs answers", async () => {
    expect((await SELF.fetch(`${ORIGIN}/healthz`)).status).toBe(200);
    const ready = await SELF.fetch(`${ORIGIN}/readyz`);
    expect(await ready.json()).toEqual({ ready: true });
  });

  it("answers an unknown address with not_found, a known one's other methods with method_not_allowed", async () => {
    for (const path of ["/nowhere", "/partner/v1/nowhere", "/player/v1", "/admin/v1/nowhere"]) {
      expect(await problemOf(await SELF.fetch(`${ORIGIN}${path}`))).toEqual({ status: 404, code: "not_found" });
    }
    const response = await SELF.fetch(`${ORIGIN}/partner/v1/campaigns/spring/draws`);
    expect(response.headers.get("allow")).toBe("POST");
    expect(await problemOf(response)).toEqual({ status: 405, code: "method_not_allowed" });
    const deletion = await SELF.fetch(`${ORIGIN}/player/v1/campaigns/spring`, { method: "DELETE" });
    expect(deletion.headers.get("allow")).toBe("GET, HEAD");
    expect(await problemOf(deletion)).toEqual({ status: 405, code: "method_not_allowed" });
  });

  it("describes every route in OpenAPI 3.1", async () => {
    const document = await (await SELF.fetch(`${ORIGIN}/openapi.json`)).json<{ openapi: string; paths: Record<string, object> }>();
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toContain("/partner/v1/campaigns/{campaign}/draws");
    expect((await SELF.fetch(`${ORIGIN}/docs`)).status).toBe(200);
  });
});
