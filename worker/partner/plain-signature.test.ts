import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hmacVerifier } from "./keys.ts";
import { isMadeBy, readPlainSignature } from "./plain-signature.ts";
import { hmacSigner, signed } from "./signing.fixture.ts";

const SECRET = new Uint8Array(32).fill(9);
const COVERED = ["@method", "@authority", "@path"];

/** What the library has signed, last. */
let base = new Uint8Array();
const signer = {
  ...hmacSigner(SECRET),
  sign: (data: Uint8Array) => {
    base = new Uint8Array(data);
    return createHmac("sha256", SECRET).update(data).digest();
  },
};
const signing = { keyId: "demo", signer };

const segments = fc.array(fc.stringMatching(/^[A-Za-z0-9._~!$&'()*+,;=:@%-]{0,12}$/), { maxLength: 4 });
const urls = fc
  .record({
    host: fc.constantFrom("kuji.test", "KUJI.test", "kuji.test:8443", "kuji.test:443", "127.0.0.1:8787"),
    segments,
    query: fc.option(fc.webQueryParameters(), { nil: "" }),
  })
  .map(({ host, segments: path, query }) => `https://${host}/${path.join("/")}${query === "" ? "" : `?${query}`}`)
  .filter((url) => URL.canParse(url) && !url.includes("#"));

describe("a signature in the usual form", () => {
  it("is of the very bytes that the library signs", async () => {
    await fc.assert(
      fc.asyncProperty(urls, fc.option(fc.string({ minLength: 1 }), { nil: undefined }), async (url, body) => {
        const request = await signed(url, body === undefined ? {} : { method: "POST", body }, signing);
        const components = [...COVERED, ...(url.includes("?") ? ["@query"] : []), ...(body === undefined ? [] : ["content-digest"])];
        const plain = readPlainSignature(request, Buffer.from(body ?? ""), components);
        expect(plain?.keyId).toBe("demo");
        expect(Buffer.from(plain?.base ?? [])).toEqual(Buffer.from(base));
        expect(plain !== null && (await isMadeBy(plain, hmacVerifier(SECRET)))).toBe(true);
        expect(plain !== null && (await isMadeBy(plain, hmacVerifier(new Uint8Array(32))))).toBe(false);
      }),
    );
  });

  const sent = async () => await signed("https://kuji.test/draws", { method: "POST", body: "{}" }, signing);
  const read = (request: Request, body = "{}") => readPlainSignature(request, Buffer.from(body), [...COVERED, "content-digest"]);

  it("is not taken for a body that is not the one of its digest", async () => {
    expect(read(await sent())).not.toBeNull();
    expect(read(await sent(), "{ }")).toBeNull();
  });

  it.each([
    ["another order", (input: string) => input.replace('"@method" "@authority"', '"@authority" "@method"')],
    ["less covered", (input: string) => input.replace('"@authority" ', "")],
    ["more covered", (input: string) => input.replace('"@path"', '"@path" "content-type"')],
    ["two blanks", (input: string) => input.replace(" ", "  ")],
    ["a parameter of a component", (input: string) => input.replace('"@path"', '"@path";req')],
    ["another parameter", (input: string) => `${input};nonce="x"`],
    ["a number that is written otherwise", (input: string) => input.replace("created=", "created=0")],
    ["no time", (input: string) => input.replace(/;created=\d+/, "")],
    ["an escape", (input: string) => input.replace('keyid="demo"', 'keyid="de\\mo"')],
    ["two labels", (input: string) => `${input}, ${input.replace("sig1", "sig2")}`],
    ["another label", (input: string) => input.replace("sig1", "sig2")],
  ])("is left to the library with %s", async (_, change) => {
    const request = await sent();
    request.headers.set("signature-input", change(request.headers.get("signature-input") ?? ""));
    expect(read(request)).toBeNull();
  });

  it.each(["sig1=:AAA:", "sig1=:AAB=:", "sig1=AAAA", "sig1=:A_-A:", "sig1=::", ""])(
    "is left to the library with the signature %j",
    async (given) => {
      const request = await sent();
      request.headers.set("signature", given);
      expect(read(request)).toBeNull();
    },
  );

  it("is not of a key whose algorithm it does not name", async () => {
    const request = await signed(
      "https://kuji.test/draws",
      { method: "POST", body: "{}" },
      { ...signing, parameters: { alg: "hmac-sha256" } },
    );
    const plain = read(request);
    expect(plain !== null && (await isMadeBy(plain, hmacVerifier(SECRET)))).toBe(true);
    expect(plain !== null && (await isMadeBy(plain, { ...hmacVerifier(SECRET), algorithm: "ed25519" }))).toBe(false);
  });
});
