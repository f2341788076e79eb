import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { accessToken, answerOf, call, problemOf, standInPlatforms } from "../edge.fixture.ts";
import type { Call } from "../edge.fixture.ts";
import { rewardGate } from "../objects.ts";

const tokens = new Map<string, string>();
beforeAll(async () => {
  const platforms = await standInPlatforms();
  for (const role of ["operator", "care", "viewer", "stranger"]) {
    tokens.set(role, await accessToken(platforms, `${role}@example.com`, role));
  }
});

function as(role: string, path: string, { headers, ...rest }: Call = {}): Promise<Response> {
  return call(`/admin/v1${path}`, { ...rest, headers: { "cf-access-jwt-assertion": tokens.get(role) ?? "", ...headers } });
}

interface Gates {
  readonly gates: { readonly provider: string; readonly permitsPerSecond: number; readonly state?: Record<string, unknown> }[];
}

describe("GET /gates", () => {
  it("shows what stands before each provider, also one that nobody has asked yet", async () => {
    const { gates } = await answerOf<Gates>(await as("viewer", "/gates"));
    expect(gates.map(({ provider, permitsPerSecond }) => [provider, permitsPerSecond])).toEqual([
      ["points", 200],
      ["line:push", 50],
      ["line:mission", 50],
    ]);
    expect(gates[0]?.state).toMatchObject({ breaker: "closed", failuresInARow: 0, inFlight: 0, recent: [] });
  });

  it("shows one that is closed, until when, and what closed it", async () => {
    const limits = { permitsPerSecond: 50 };
    await rewardGate(env, "line:push").acquire({ provider: "line:push", want: 1, limits });
    await rewardGate(env, "line:push").report({ provider: "line:push", succeeded: 0, failed: 3, retryAfterMs: 90_000 });
    const { gates } = await answerOf<Gates>(await as("viewer", "/gates"));
    expect(gates.find(({ provider }) => provider === "line:push")?.state).toMatchObject({
      breaker: "open",
      openUntil: expect.any(String) as string,
      failuresInARow: 3,
      pacePerSecond: 50,
      recent: [{ succeeded: 0, failed: 3, retryAfterMs: 90_000 }],
    });
  });

  it("is for whoever has a role", async () => {
    expect(await problemOf(await as("stranger", "/gates"))).toBe("forbidden");
  });
});
