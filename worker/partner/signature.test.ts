import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { verifySignature } from "http-message-sig";
import { beforeAll, describe, expect, it } from "vitest";
import { ed25519Verifier, hmacVerifier } from "./keys.ts";
import type { Verifier } from "./keys.ts";
import { readSignature, SignatureFault } from "./signature.ts";
import type { SignedMessage } from "./signature.ts";
import { hmacSigner, signed } from "./signing.fixture.ts";

describe("the test vectors of RFC 9421, appendix B.2", () => {
  const message = (input: string, signature: string): SignedMessage => ({
    method: "POST",
    url: "https://example.com/foo?param=Value&Pet=dog",
    headers: new Headers({
      host: "example.com",
      date: "Tue, 20 Apr 2021 02:07:55 GMT",
      "content-type": "application/json",
      "content-length": "18",
      "signature-input": input,
      signature,
    }),
  });
  const check = async (verifier: Verifier, input: string, text: string) => {
    const { base, signature } = readSignature(message(input, text));
    return verifier.verify(base, signature);
  };

  const B25_SECRET = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
  const B25_INPUT = 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
  const B25_SIGNATURE = "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:";

  it("B.2.5, hmac-sha256, is accepted, and refused with one bit changed", async () => {
    const verifier = await hmacVerifier(new Uint8Array(Buffer.from(B25_SECRET, "base64")));
    expect(await check(verifier, B25_INPUT, B25_SIGNATURE)).toBe(true);
    expect(await check(verifier, B25_INPUT, B25_SIGNATURE.replace("pxcQ", "pxcR"))).toBe(false);
  });

  const B26_PUBLIC_SPKI = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
  const B26_INPUT =
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';
  const B26_SIGNATURE = "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";

  it("B.2.6, ed25519, is accepted, and refused with one bit changed", async () => {
    const verifier = await ed25519Verifier(new Uint8Array(Buffer.from(B26_PUBLIC_SPKI, "base64").subarray(12)));
    expect(await check(verifier, B26_INPUT, B26_SIGNATURE)).toBe(true);
    expect(await check(verifier, B26_INPUT, B26_SIGNATURE.replace("wqcA", "wqcB"))).toBe(false);
  });

  it("B.2.6 has the signature base that the RFC prints", () => {
    expect(new TextDecoder().decode(readSignature(message(B26_INPUT, B26_SIGNATURE)).base)).toBe(
      [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@method": POST',
        '"@path": /foo',
        '"@authority": example.com',
        '"content-type": application/json',
        '"content-length": 18',
        '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
      ].join("\n"),
    );
  });
});

describe("held against a reference implementation", () => {
  const SECRET = new Uint8Array(32).fill(3);
  let verifier: Verifier;
  beforeAll(async () => {
    verifier = await hmacVerifier(SECRET);
  });

  const word = fc.stringMatching(/^[A-Za-z0-9._~%-]{1,12}$/);
  const urls = fc
    .tuple(
      fc.constantFrom("https://kuji.test", "https://KUJI.test:443", "http://kuji.test:8787", "https://[::1]:8443"),
      fc.array(word, { maxLength: 4 }),
      fc.option(fc.array(word)),
    )
    .map(([origin, path, query]) => `${origin}/${path.join("/")}${query === null ? "" : `?${query.join("&")}`}`);
  const components = fc.uniqueArray(
    fc.constantFrom("@method", "@authority", "@path", "@query", "@scheme", "@target-uri", "content-type", "content-digest"),
  );
  const requests = fc
    .record({
      url: urls,
      body: fc.string({ minLength: 1 }),
      components,
      nonce: fc.stringMatching(/^[ -~]{0,20}$/),
      created: fc.integer({ min: 0, max: 2 ** 40 }),
    })
    .map(({ url, body, nonce, created, ...rest }) => ({
      url,
      init: { method: "POST", body },
      signing: { keyId: "k", signer: hmacSigner(SECRET), createdSeconds: created, parameters: { nonce }, ...rest },
    }));

  const ours = async (message: SignedMessage): Promise<boolean> => {
    try {
      const { base, signature } = readSignature(message);
      return await verifier.verify(base, signature);
    } catch (error) {
      if (error instanceof SignatureFault) return false;
      throw error;
    }
  };
  const theirs = (request: Request): Promise<boolean> =>
    verifySignature(request, {
      policy: { algorithms: ["hmac-sha256"], requiredComponents: [], requiredParameters: [], now: 0, clockSkew: 2 ** 41 },
      resolveVerifier: () => verifier,
    }).then(
      () => true,
      () => false,
    );

  it("accepts what that signs", async () => {
    await fc.assert(
      fc.asyncProperty(requests, async ({ url, init, signing }) => {
        expect(await ours(await signed(url, init, signing))).toBe(true);
      }),
    );
  });

  it("accepts nothing that was changed, unless that finds it to mean the same", async () => {
    const changes = fc.record({
      field: fc.constantFrom("signature", "signature-input", "content-type", "content-digest"),
      at: fc.nat(),
      remove: fc.integer({ min: 0, max: 3 }),
      insert: fc.stringMatching(/^[ -~]{0,3}$/),
    });
    await fc.assert(
      fc.asyncProperty(requests, changes, async ({ url, init, signing }, { field, at, remove, insert }) => {
        const request = await signed(url, init, signing);
        const value = request.headers.get(field) ?? "";
        const from = at % (value.length + 1);
        request.headers.set(field, value.slice(0, from) + insert + value.slice(from + remove));
        expect((await ours(request)) && !(await theirs(request))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("readSignature", () => {
  const read = (input: string, signature = "sig1=:AAAA:") => {
    try {
      readSignature({ method: "POST", url: "https://kuji.test/", headers: new Headers({ "signature-input": input, signature }) });
      return "read";
    } catch (error) {
      if (!(error instanceof SignatureFault)) throw error;
      return error.message;
    }
  };

  it.each([
    ['sig1=("@method");created=1', "read"],
    ['sig1=("@method" "@method")', "@method is covered twice"],
    ['sig1=("@method";req)', "component parameters are not taken"],
    ['sig1=("@query-param";name="a")', "component parameters are not taken"],
    ["sig1=(method)", "component parameters are not taken"],
    ['sig1=("@status")', "@status is no component that is taken here"],
    ['sig1=("Content-Type")', "Content-Type is no component that is taken here"],
    ['sig1=("a\\"b")', 'a"b is no component that is taken here'],
    ['sig1=("")', " is no component that is taken here"],
    ['sig1=("x-absent")', "x-absent is covered, and the request has none"],
    ['sig1=("@method");created="1"', "created is malformed"],
    ['sig1=("@method");created=1.5', "created is malformed"],
    ['sig1=("@method");created=@1', "created is malformed"],
    ['sig1=("@method");keyid=key', "keyid is malformed"],
    ['sig1=("@method");alg', "alg is malformed"],
    ['sig1=("@method"', "Signature-Input is malformed"],
    ["", "Signature-Input must carry exactly one signature"],
    ['sig1=("@method"), sig2=("@method")', "Signature-Input must carry exactly one signature"],
    ['sig2=("@method")', "Signature and Signature-Input have different labels"],
  ])("of %s: %s", (input, outcome) => {
    expect(read(input)).toBe(outcome);
  });

  it("takes bytes only for a signature", () => {
    for (const signature of ["sig1", 'sig1="AAAA"', "sig1=(:AAAA:)"])
      expect(read('sig1=("@method")', signature)).toBe("Signature is not a byte sequence");
  });
});
