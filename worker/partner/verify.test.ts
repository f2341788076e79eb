import { Buffer } from "node:buffer";
import { verifySignature } from "http-message-sig";
import type { RequestDescriptor, Verifier } from "http-message-sig";
import { beforeAll, describe, expect, it } from "vitest";
import { Problem } from "../problem.ts";
import { ed25519Verifier, hmacVerifier } from "./keys.ts";
import type { PartnerKey } from "./keys.ts";
import { ed25519Pair, hmacSigner, signed } from "./signing.fixture.ts";
import type { Signing } from "./signing.fixture.ts";
import { CLOCK_SKEW_SECONDS, verifyRequest } from "./verify.ts";

const NOW_SECONDS = 1_800_000_000;
const URL_OF_DRAWS = "https://kuji.test/partner/v1/campaigns/spring/draws";
const BODY = '{"draws":[{"requestId":"r-1"}]}';
const SECRET = new Uint8Array(32).fill(9);

const keys = new Map<string, PartnerKey>();
const signings = new Map<string, Signing>();

beforeAll(async () => {
  const { publicKey, signer } = await ed25519Pair();
  const keep = (keyId: string, verifier: Verifier) => keys.set(keyId, { keyId, partner: "demo", campaigns: new Set(["*"]), ...verifier });
  keep("demo-ed25519", await ed25519Verifier(new Uint8Array(publicKey)));
  keep("demo-hmac", hmacVerifier(SECRET));
  signings.set("demo-ed25519", { keyId: "demo-ed25519", signer, createdSeconds: NOW_SECONDS });
  signings.set("demo-hmac", { keyId: "demo-hmac", signer: hmacSigner(SECRET), createdSeconds: NOW_SECONDS });
});

function signing(keyId: string): Signing {
  const found = signings.get(keyId);
  if (found === undefined) throw new Error(`no signing for ${keyId}`);
  return found;
}

async function verify(request: Request, nowSeconds = NOW_SECONDS): Promise<PartnerKey> {
  const body = new Uint8Array(await request.clone().arrayBuffer());
  return verifyRequest(request, body, { findKey: async (keyId) => keys.get(keyId) ?? null, nowMs: nowSeconds * 1000 });
}

/** The detail of the refusal. */
async function refusal(request: Request, nowSeconds = NOW_SECONDS): Promise<string> {
  const error: unknown = await verify(request, nowSeconds).then(
    () => new Error("it was accepted"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Problem)) throw error;
  expect(error.code).toBe("signature_invalid");
  return error.message;
}

function changed(request: Request, change: { url?: string; method?: string; body?: string; header?: [string, string | null] }): Request {
  const headers = new Headers(request.headers);
  if (change.header !== undefined) {
    const [name, value] = change.header;
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  const method = change.method ?? request.method;
  return new Request(change.url ?? request.url, method === "GET" ? { method, headers } : { method, headers, body: change.body ?? BODY });
}

describe.each(["demo-ed25519", "demo-hmac"])("a request signed with %s", (keyId) => {
  const draws = () => signed(URL_OF_DRAWS, { method: "POST", body: BODY }, signing(keyId));

  it("is accepted, with and without a body and a query", async () => {
    expect((await verify(await draws())).keyId).toBe(keyId);
    expect((await verify(await signed("https://kuji.test/partner/v1/campaigns/spring/stock", {}, signing(keyId)))).keyId).toBe(keyId);
    expect((await verify(await signed("https://kuji.test/partner/v1/x?a=1&b=%20", {}, signing(keyId)))).keyId).toBe(keyId);
  });

  it("is refused when anything it covers has changed", async () => {
    const request = await draws();
    const foreign = "the signature does not match the request";
    expect(await refusal(changed(request, { method: "PUT" }))).toBe(foreign);
    expect(await refusal(changed(request, { url: URL_OF_DRAWS.replace("spring", "summer") }))).toBe(foreign);
    expect(await refusal(changed(request, { url: URL_OF_DRAWS.replace("kuji.test", "kuji.example") }))).toBe(foreign);
    expect(await refusal(changed(request, { url: URL_OF_DRAWS.replace("kuji.test", "kuji.test:8443") }))).toBe(foreign);
    expect(await refusal(changed(request, { url: `${URL_OF_DRAWS}?x=1` }))).toBe('Required component "@query" is absent');
    expect(await refusal(changed(request, { body: BODY.replace("r-1", "r-2") }))).toBe("Content-Digest is not that of the body");
    expect(await refusal(changed(request, { header: ["content-digest", "sha-256=:AAAA:"] }))).toBe(foreign);
  });

  it("is refused when it is older or newer than the skew allows", async () => {
    const request = await draws();
    expect((await verify(request, NOW_SECONDS + CLOCK_SKEW_SECONDS)).keyId).toBe(keyId);
    expect((await verify(request, NOW_SECONDS - CLOCK_SKEW_SECONDS)).keyId).toBe(keyId);
    expect(await refusal(request, NOW_SECONDS + CLOCK_SKEW_SECONDS + 1)).toBe("Signature is too old");
    expect(await refusal(request, NOW_SECONDS - CLOCK_SKEW_SECONDS - 1)).toBe("Signature was created in the future");
  });

  it("is refused once its own expires has passed", async () => {
    const request = await signed(URL_OF_DRAWS, {}, { ...signing(keyId), parameters: { expires: NOW_SECONDS + 5 } });
    expect((await verify(request, NOW_SECONDS + 5)).keyId).toBe(keyId);
    expect(await refusal(request, NOW_SECONDS + 6)).toBe("expires has passed");
  });

  it.each(["@method", "@authority", "@path", "@query", "content-digest"])("is refused when it does not cover %s", async (missing) => {
    const components = ["@method", "@authority", "@path", "@query", "content-digest"].filter((name) => name !== missing);
    const request = await signed(`${URL_OF_DRAWS}?a=1`, { method: "POST", body: BODY }, { ...signing(keyId), components });
    expect(await refusal(request)).toBe(`Required component "${missing}" is absent`);
  });

  it("is refused when it covers one member of the digest instead of the digest", async () => {
    const request = await draws();
    const input = request.headers.get("signature-input") ?? "";
    expect(
      await refusal(changed(request, { header: ["signature-input", input.replace('"content-digest"', '"content-digest";key="sha-256"')] })),
    ).toBe('Required component "content-digest" is absent');
  });

  it("is refused under another key's id, an unknown one, or none", async () => {
    const other = keyId === "demo-hmac" ? "demo-ed25519" : "demo-hmac";
    const request = await draws();
    const input = request.headers.get("signature-input") ?? "";
    expect(await refusal(changed(request, { header: ["signature-input", input.replace(keyId, other)] }))).toBe(
      "the signature does not match the request",
    );
    expect(await refusal(changed(request, { header: ["signature-input", input.replace(keyId, "nobody")] }))).toBe(
      "keyid names no live key",
    );
    expect(await refusal(changed(request, { header: ["signature-input", input.replace(/;keyid="[^"]*"/, "")] }))).toBe(
      "Required parameter keyid is absent",
    );
  });

  it("is refused when alg contradicts the key, and accepted when it agrees", async () => {
    const own = keyId === "demo-hmac" ? "hmac-sha256" : "ed25519";
    const agreeing = await signed(URL_OF_DRAWS, { method: "POST", body: BODY }, { ...signing(keyId), parameters: { alg: own } });
    expect((await verify(agreeing)).keyId).toBe(keyId);
    const claim = (alg: string) =>
      changed(agreeing, {
        header: ["signature-input", (agreeing.headers.get("signature-input") ?? "").replace(`alg="${own}"`, `alg="${alg}"`)],
      });
    expect(await refusal(claim(own === "ed25519" ? "hmac-sha256" : "ed25519"))).toBe("alg is not the algorithm of this key");
    expect(await refusal(claim("rsa-pss-sha512"))).toBe("Algorithm rsa-pss-sha512 is not allowed");
  });

  it("is refused without its fields, with broken ones, and with two signatures", async () => {
    const request = await draws();
    const value = request.headers.get("signature") ?? "";
    const input = request.headers.get("signature-input") ?? "";
    expect(await refusal(changed(request, { header: ["signature", null] }))).toBe("Missing field signature");
    expect(await refusal(changed(request, { header: ["signature-input", null] }))).toBe("Missing field signature-input");
    expect(await refusal(changed(request, { header: ["signature-input", "sig1=nonsense"] }))).toBe(
      "Signature-Input members must be inner lists",
    );
    expect(await refusal(changed(request, { header: ["signature", value.replace("sig1", "sig2")] }))).toBe(
      "Signature and Signature-Input label sets differ",
    );
    const doubled = changed(request, { header: ["signature", `${value}, ${value.replace("sig1", "sig2")}`] });
    doubled.headers.set("signature-input", `${input}, ${input.replace("sig1", "sig2")}`);
    expect(await refusal(doubled)).toBe("An explicit label is required for multiple or mismatched signatures");
  });

  it("is refused when its digest is malformed or of another algorithm only", async () => {
    for (const digest of ["sha-512=:AAAA:", "sha-256=AAAA", "sha-256", "§"]) {
      const request = await signed(URL_OF_DRAWS, { method: "POST", body: BODY }, { ...signing(keyId), digest });
      expect(await refusal(request)).toBe("Content-Digest has no sha-256 member");
    }
  });
});

it("refuses an unsigned request", async () => {
  expect(await refusal(new Request(URL_OF_DRAWS, { method: "POST", body: BODY }))).toBe("Missing field signature");
});

describe("the test vectors of RFC 9421, appendix B.2", () => {
  const request: RequestDescriptor = {
    kind: "request",
    method: "POST",
    targetUri: "https://example.com/foo?param=Value&Pet=dog",
    fields: [
      { name: "Host", value: "example.com" },
      { name: "Date", value: "Tue, 20 Apr 2021 02:07:55 GMT" },
      { name: "Content-Type", value: "application/json" },
      { name: "Content-Length", value: "18" },
    ],
  };
  const check = (verifier: Verifier, signatureInput: string, signature: string) =>
    verifySignature(
      {
        ...request,
        fields: [...request.fields, { name: "Signature-Input", value: signatureInput }, { name: "Signature", value: signature }],
      },
      {
        policy: { algorithms: [verifier.algorithm], requiredComponents: [], requiredParameters: [] },
        resolveVerifier: () => verifier,
      },
    );

  const B25_SECRET = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
  const B25_INPUT = 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
  const B25_SIGNATURE = "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:";

  it("B.2.5, hmac-sha256, is accepted, and refused with one bit changed", async () => {
    const verifier = hmacVerifier(new Uint8Array(Buffer.from(B25_SECRET, "base64")));
    await expect(check(verifier, B25_INPUT, B25_SIGNATURE)).resolves.toMatchObject({ label: "sig-b25" });
    await expect(check(verifier, B25_INPUT, B25_SIGNATURE.replace("pxcQ", "pxcR"))).rejects.toThrow("verification failed");
  });

  const B26_PUBLIC_SPKI = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
  const B26_INPUT =
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';
  const B26_SIGNATURE = "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";

  it("B.2.6, ed25519, is accepted, and refused with one bit changed", async () => {
    const verifier = await ed25519Verifier(new Uint8Array(Buffer.from(B26_PUBLIC_SPKI, "base64").subarray(12)));
    await expect(check(verifier, B26_INPUT, B26_SIGNATURE)).resolves.toMatchObject({ label: "sig-b26" });
    await expect(check(verifier, B26_INPUT, B26_SIGNATURE.replace("wqcA", "wqcB"))).rejects.toThrow("verification failed");
  });
});
