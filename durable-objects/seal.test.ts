import { describe, expect, it } from "vitest";
import { openSecret, sealSecret } from "./seal.ts";

const CURRENT = "current partner key, at least 32 characters";
const PREVIOUS = "previous partner key, at least 32 characters";
const secret = new Uint8Array(32).fill(7);

describe("a sealed secret", () => {
  it("opens under the key that sealed it", async () => {
    expect(await openSecret([CURRENT], "demo-hmac", await sealSecret(CURRENT, "demo-hmac", secret))).toEqual(secret);
  });

  it("opens under the previous key while that is accepted, and not after", async () => {
    const sealed = await sealSecret(PREVIOUS, "demo-hmac", secret);
    expect(await openSecret([CURRENT, PREVIOUS], "demo-hmac", sealed)).toEqual(secret);
    expect(await openSecret([CURRENT], "demo-hmac", sealed)).toBeNull();
  });

  it("does not open as another key's", async () => {
    expect(await openSecret([CURRENT], "other-hmac", await sealSecret(CURRENT, "demo-hmac", secret))).toBeNull();
  });

  it("does not open when a bit of it was changed, or when it is not one at all", async () => {
    const sealed = Buffer.from(await sealSecret(CURRENT, "demo-hmac", secret), "base64");
    sealed.writeUInt8(sealed.readUInt8(20) ^ 1, 20);
    expect(await openSecret([CURRENT], "demo-hmac", sealed.toString("base64"))).toBeNull();
    expect(await openSecret([CURRENT], "demo-hmac", "not sealed")).toBeNull();
    expect(await openSecret([CURRENT], "demo-hmac", "")).toBeNull();
  });

  it("does not show the secret, nor that two secrets are the same", async () => {
    const [one, two] = await Promise.all([sealSecret(CURRENT, "demo-hmac", secret), sealSecret(CURRENT, "demo-hmac", secret)]);
    expect(one).not.toBe(two);
    expect(Buffer.from(one, "base64").includes(secret)).toBe(false);
  });
});
