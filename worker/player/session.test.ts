import { describe, expect, it } from "vitest";
import { forge } from "../tokens.fixture.ts";
import { deriveSessionKeys, openSession, readSession } from "./session.ts";

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const CURRENT = "current session key, at least 32 characters";
const PREVIOUS = "previous session key, at least 32 characters";
const USER = { sub: "U1", name: "Mei" };

const refused = (detail: string) => ({ code: "session_invalid", message: detail });

describe("a session", () => {
  it("tells who it is of, for 72 hours", async () => {
    const keys = await deriveSessionKeys(CURRENT);
    const { session, expiresAtMs } = await openSession(keys, "spring", USER, NOW_MS);
    expect(expiresAtMs).toBe(NOW_MS + 72 * HOUR_MS);
    expect(await readSession(keys, session, "spring", NOW_MS + 72 * HOUR_MS - 1_000)).toEqual({
      sub: "U1",
      name: "Mei",
      campaign: "spring",
      expiresAtMs,
    });
    await expect(readSession(keys, session, "spring", NOW_MS + 72 * HOUR_MS)).rejects.toMatchObject(refused("exp: the token has expired"));
  });

  it("is good for its own campaign only", async () => {
    const keys = await deriveSessionKeys(CURRENT);
    const { session } = await openSession(keys, "spring", USER, NOW_MS);
    await expect(readSession(keys, session, "summer", NOW_MS)).rejects.toMatchObject({ code: "session_invalid" });
  });

  it("outlives a rotation of the key once, not twice", async () => {
    const { session } = await openSession(await deriveSessionKeys(PREVIOUS), "spring", USER, NOW_MS);
    const rotated = await deriveSessionKeys(CURRENT, PREVIOUS);
    expect(await readSession(rotated, session, "spring", NOW_MS)).toMatchObject({ sub: "U1" });
    await expect(readSession(await deriveSessionKeys(CURRENT), session, "spring", NOW_MS)).rejects.toMatchObject(
      refused("the signature does not match"),
    );
    const { session: renewed } = await openSession(rotated, "spring", USER, NOW_MS);
    expect(await readSession(await deriveSessionKeys(CURRENT), renewed, "spring", NOW_MS)).toMatchObject({ sub: "U1" });
  });

  it("is refused when it is forged, changed, unsigned, or no session", async () => {
    const keys = await deriveSessionKeys(CURRENT, PREVIOUS);
    const { session } = await openSession(keys, "spring", USER, NOW_MS);
    const claims = { iss: "kuji", aud: "kuji-player", sub: "U2", campaign: "spring", exp: NOW_MS / 1000 + 60 };
    const [header, , signature] = session.split(".");
    const changed = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`;
    for (const token of [changed, forge({ alg: "none" }, claims), forge({ alg: "HS256" }, claims, "AAAA"), "", "a.b.c"]) {
      await expect(readSession(keys, token, "spring", NOW_MS)).rejects.toMatchObject({ code: "session_invalid" });
    }
  });
});
