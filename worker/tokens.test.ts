import { jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KeysUnavailable, remoteKeys } from "./tokens.ts";
import { tokenIssuer } from "./tokens.fixture.ts";
import type { TokenIssuer } from "./tokens.fixture.ts";

const URL_OF_KEYS = "https://issuer.test/certs";
const MINUTE_MS = 60_000;

/** An issuer's key address that can fail, and counts how often it was asked. */
function keyServer(issuer: TokenIssuer) {
  const server = { jwks: issuer.jwks, down: false, asked: 0, fetch: async (): Promise<Response> => answer() };
  const answer = () => {
    server.asked += 1;
    if (server.down) throw new TypeError("connection refused");
    return Response.json(server.jwks);
  };
  return server;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("remoteKeys", () => {
  it("fetches the keys once for many tokens, and again after a while", async () => {
    const issuer = await tokenIssuer("ES256");
    const server = keyServer(issuer);
    const keys = remoteKeys(URL_OF_KEYS, server.fetch);
    const token = await issuer.sign({ sub: "U1" });
    for (let i = 0; i < 5; i++) await jwtVerify(token, keys);
    expect(server.asked).toBe(1);
    vi.advanceTimersByTime(11 * MINUTE_MS);
    await Promise.all(Array.from({ length: 5 }, () => jwtVerify(token, keys)));
    expect(server.asked).toBe(2);
  });

  it("goes on with the keys it has while the issuer is down", async () => {
    const issuer = await tokenIssuer("ES256");
    const server = keyServer(issuer);
    const keys = remoteKeys(URL_OF_KEYS, server.fetch);
    const token = await issuer.sign({ sub: "U1" });
    await jwtVerify(token, keys);
    server.down = true;
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(5 * MINUTE_MS);
      await expect(jwtVerify(token, keys)).resolves.toBeDefined();
    }
  });

  it("says that keys are unavailable when it has none, without asking for each token", async () => {
    const issuer = await tokenIssuer("ES256");
    const server = keyServer(issuer);
    server.down = true;
    const keys = remoteKeys(URL_OF_KEYS, server.fetch);
    const token = await issuer.sign({ sub: "U1" });
    for (let i = 0; i < 5; i++) await expect(jwtVerify(token, keys)).rejects.toThrow(KeysUnavailable);
    expect(server.asked).toBe(1);
    server.down = false;
    vi.advanceTimersByTime(3_000);
    await expect(jwtVerify(token, keys)).resolves.toBeDefined();
  });

  it("asks again for a key id it does not know, but not for each such token", async () => {
    const [old, fresh] = await Promise.all([tokenIssuer("ES256", "old"), tokenIssuer("ES256", "fresh")]);
    const server = keyServer(old);
    const keys = remoteKeys(URL_OF_KEYS, server.fetch);
    await jwtVerify(await old.sign({ sub: "U1" }), keys);
    server.jwks = { keys: [...old.jwks.keys, ...fresh.jwks.keys] };
    const token = await fresh.sign({ sub: "U1" });
    for (let i = 0; i < 5; i++) await expect(jwtVerify(token, keys)).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" });
    expect(server.asked).toBe(1);
    vi.advanceTimersByTime(MINUTE_MS);
    await expect(jwtVerify(token, keys)).resolves.toBeDefined();
    expect(server.asked).toBe(2);
  });

  it("does not judge a token of a new key while the issuer is down", async () => {
    const [old, fresh] = await Promise.all([tokenIssuer("ES256", "old"), tokenIssuer("ES256", "fresh")]);
    const server = keyServer(old);
    const keys = remoteKeys(URL_OF_KEYS, server.fetch);
    await jwtVerify(await old.sign({ sub: "U1" }), keys);
    server.down = true;
    vi.advanceTimersByTime(MINUTE_MS);
    await expect(jwtVerify(await fresh.sign({ sub: "U1" }), keys)).rejects.toThrow(KeysUnavailable);
  });
});
