import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readPublicKey } from "./public-key.ts";

const { publicKey } = generateKeyPairSync("ed25519");
const spki = publicKey.export({ type: "spki", format: "der" });
const raw = new Uint8Array(spki.subarray(12));

describe("readPublicKey", () => {
  it("reads PEM, an SPKI in base64, and raw bytes in base64", () => {
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    for (const text of [pem, `\n${pem.replaceAll("\n", "\r\n")}`, spki.toString("base64"), Buffer.from(raw).toString("base64")]) {
      expect(readPublicKey(text)).toEqual(raw);
    }
  });

  it("reads nothing else", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" }).toString();
    const x25519 = generateKeyPairSync("x25519").publicKey.export({ type: "spki", format: "pem" }).toString();
    const secret = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    for (const text of ["", "key", "A".repeat(44), rsa, x25519, secret]) expect(readPublicKey(text)).toBeNull();
  });
});
