import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CampaignFaultCode } from "./faults.ts";
import { MAX_CAMPAIGN_FILE_BYTES, parseCampaign } from "./parse.ts";

const SPRING = {
  id: "spring-2027",
  title: { "zh-TW": "新春刮刮樂", en: "Spring scratch" },
  timezone: "Asia/Taipei",
  startsAt: "2027-02-05T12:00:00Z",
  endsAt: "2027-02-20T16:00:00Z",
  cardTtlHours: 72,
  line: { channelId: "2000000000", liffId: "2000000000-abcdefgh" },
  expectedPeakPerSecond: 7000,
  limits: { perRecipient: 3, perRecipientPerDay: 1 },
  fallback: "thanks",
  prizes: [
    { id: "sticker", kind: "line-sticker", name: { en: "Sticker set" }, params: { productId: "12345" } },
    { id: "cafe-code", kind: "code", name: { en: "Coffee code" } },
    { id: "thanks", kind: "none", name: { en: "Thank you" } },
  ],
};
const TEXT = JSON.stringify(SPRING, null, 2);

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The last line in which `needle` stands. */
function lineOf(text: string, needle: string): number {
  return text.slice(0, text.lastIndexOf(needle)).split("\n").length;
}

describe("a campaign file", () => {
  it("is accepted, with its defaults filled in", () => {
    expect(parseCampaign(bytes(TEXT))).toMatchObject({
      status: "parsed",
      file: { ...SPRING, selfService: false, autoRedeem: false, returnStock: { onVoid: false, onExpiry: false }, theme: {} },
    });
  });

  it.each([
    ["a byte-order mark", `\uFEFF${TEXT}`],
    ["CRLF", TEXT.replaceAll("\n", "\r\n")],
    ["one line", JSON.stringify(SPRING)],
  ])("is accepted with %s", (_, text) => {
    expect(parseCampaign(bytes(text)).status).toBe("parsed");
  });

  it.each<[string, CampaignFaultCode, string, string, string, string]>([
    ["ends before it starts", "ends_before_start", "endsAt", '"endsAt"', '"2027-02-20T16:00:00Z"', '"2027-02-05T11:59:59Z"'],
    ["has a fallback that is no prize", "unknown_fallback", "fallback", '"fallback"', '"fallback": "thanks"', '"fallback": "nothing"'],
    ["has codes as its fallback", "fallback_has_codes", "fallback", '"fallback"', '"fallback": "thanks"', '"fallback": "cafe-code"'],
    ["names a prize twice", "duplicate_prize", "prizes[1].id", '"id": "sticker"', '"id": "cafe-code"', '"id": "sticker"'],
    ["has a sticker without its id", "missing_param", "prizes[0].params.productId", '"params"', '"productId"', '"package"'],
    ["allows more a day than in all", "limits_contradict", "limits.perRecipientPerDay", '"perRecipientPerDay"', 'Day": 1', 'Day": 4'],
    ["has an unknown field", "unknown_field", "line.chanelId", '"chanelId"', '"channelId"', '"chanelId"'],
    ["misses a field", "missing_field", "line.channelId", '"line"', '"channelId"', '"chanelId"'],
    ["has a field of the wrong form", "invalid_field", "startsAt", '"startsAt"', '"2027-02-05T12:00:00Z"', '"5 February"'],
    ["has an unknown kind of prize", "invalid_field", "prizes[1].kind", '"kode"', '"kind": "code"', '"kind": "kode"'],
    ["has an unknown time zone", "invalid_field", "timezone", '"timezone"', "Asia/Taipei", "Asia/Taipeh"],
    ["has an offset for a time zone", "invalid_field", "timezone", '"timezone"', "Asia/Taipei", "+08:00"],
    ["has cards that expire at once", "invalid_field", "cardTtlHours", '"cardTtlHours"', '"cardTtlHours": 72', '"cardTtlHours": 0.0002'],
    [
      "has a prize with a name of every object",
      "invalid_field",
      "prizes[1].id",
      '"constructor"',
      '"id": "cafe-code"',
      '"id": "constructor"',
    ],
    [
      "has options of a file of no name",
      "unknown_field",
      "pools.__proto__",
      '"__proto__"',
      '"fallback"',
      '"pools": { "__proto__": {} }, "fallback"',
    ],
    [
      "has moments outside the campaign",
      "schedule_impossible",
      'pools["m.csv"].moments',
      '"moments"',
      '"fallback"',
      '"pools": {\n"m.csv": {\n"moments": { "from": "2027-02-01T00:00:00Z", "to": "2027-02-06T00:00:00Z" } } }, "fallback"',
    ],
    ["has a name in no language", "invalid_field", "prizes[2].name", '"name"', '"en": "Thank you"', ""],
    [
      "has a script for an image",
      "invalid_field",
      "prizes[2].image",
      '"image"',
      '"kind": "none"',
      '"kind": "none", "image": "javascript:x"',
    ],
    ["names a field twice", "duplicate_field", "timezone", '"timezone"', '"timezone"', '"timezone": "UTC", "timezone"'],
    ["is cut off", "not_json", "file", '"name"', TEXT.slice(TEXT.lastIndexOf('"name"')), '"name"'],
    ["has a comma too many", "not_json", "file", '"thanks",,', '"fallback": "thanks",', '"fallback": "thanks",,'],
  ])("that %s is refused: %s at %s, in the line of %s", (_, code, at, needle, from, to) => {
    const text = TEXT.replace(from, () => to);
    expect(text).not.toBe(TEXT);
    expect(parseCampaign(bytes(text))).toMatchObject({
      status: "refused",
      faults: expect.arrayContaining([expect.objectContaining({ code, at, line: lineOf(text, needle) })]),
    });
  });

  const STICKER = `"kind": "line-sticker"`;
  it.each<[string, CampaignFaultCode, string, string, string]>([
    ["a sticker set without its id", "missing_param", "productId", STICKER, `{}`],
    ["a sticker set whose id is no number", "invalid_param", "productId", STICKER, `{ "productId": "cats" }`],
    ["a sticker set with a param too many", "unknown_field", "colour", STICKER, `{ "productId": "12345", "colour": "red" }`],
    ["a coupon without its id", "missing_param", "couponId", `"kind": "line-coupon"`, `{}`],
    ["a coupon whose id is empty", "invalid_param", "couponId", `"kind": "line-coupon"`, `{ "couponId": "" }`],
    ["a message without messages", "missing_param", "messages", `"kind": "line-message"`, `{ "text": "You won" }`],
    ["no messages", "invalid_param", "messages", `"kind": "line-message"`, `{ "messages": [] }`],
    ["a fax", "invalid_param", "messages[0].type", `"kind": "line-message"`, `{ "messages": [{ "type": "fax" }] }`],
    ["an empty text", "invalid_param", "messages[0].text", `"kind": "line-message"`, `{ "messages": [{ "type": "text", "text": "" }] }`],
    ["a text without one", "missing_param", "messages[0].text", `"kind": "line-message"`, `{ "messages": [{ "type": "text" }] }`],
    ["a reward system without its name", "missing_param", "provider", `"kind": "webhook"`, `{ "points": 10 }`],
    ["a reward system whose name is a number", "invalid_param", "provider", `"kind": "webhook"`, `{ "provider": 10 }`],
  ])("whose prize is %s is refused: %s at %s", (_, code, at, kind, params) => {
    const text = TEXT.replace(STICKER, () => kind).replace(/\{\s*"productId": "12345"\s*\}/, () => params);
    const line = lineOf(text, '"params"');
    expect(parseCampaign(bytes(text))).toMatchObject({
      status: "refused",
      faults: expect.arrayContaining([expect.objectContaining({ code, at: `prizes[0].params.${at}`, line })]),
    });
  });

  it.each([
    ["line-coupon", `{ "couponId": "01JYNW8JMQVFBNWF1APF8Z3FS7", "deliveryTag": "spring" }`],
    ["line-message", `{ "messages": [{ "type": "text", "text": "You won", "quickReply": { "items": [] } }] }`],
    ["webhook", `{ "provider": "points", "points": 10 }`],
  ])("whose prize is a %s with its params is accepted", (kind, params) => {
    const text = TEXT.replace("line-sticker", kind).replace(/\{\s*"productId": "12345"\s*\}/, () => params);
    expect(parseCampaign(bytes(text))).toMatchObject({
      status: "parsed",
      file: { prizes: [{ kind, params: JSON.parse(params) }, {}, {}] },
    });
  });

  it.each([
    ["expectedPeakPerSecond", '"expectedPeakPerSecond": 7000', '"expectedPeakPerSecond": 0', "must be a number above 0"],
    ["line", /"line": \{[^}]*\}/, '"line": "x"', "must be an object, not a text"],
    ["timezone", "Asia/Taipei", "Asia/Taipeh", "must be an IANA time zone, such as Asia/Taipei, and is not"],
    ["prizes[2].name.en", '"en": "Thank you"', '"en": "\u3000 "', "must not be blank"],
    ["prizes[1].id", '"id": "cafe-code"', '"id": "constructor"', "must be another name: this one is reserved"],
  ])("says in words what is wrong with %s", (at, from, to, message) => {
    expect(parseCampaign(bytes(TEXT.replace(from, to)))).toMatchObject({ status: "refused", faults: [{ at, message }] });
  });

  it("finds the line of anything that may be wrong with it later, there or around it", () => {
    const text = TEXT.replace('"fallback"', '"pools": {\n"p.csv": {\n"repeat": true } },\n"fallback"');
    const parsed = parseCampaign(bytes(text));
    if (parsed.status === "refused") throw new Error("refused");
    const { locate } = parsed;
    expect(locate({ code: "segment_in_stock", path: ["pools", "p.csv"], message: "" })).toMatchObject({
      at: 'pools["p.csv"]',
      line: lineOf(text, '"p.csv"'),
    });
    expect(locate({ code: "segment_in_stock", path: ["pools", "q.csv", "repeat"], message: "" })).toMatchObject({
      at: 'pools["q.csv"].repeat',
      line: lineOf(text, '"pools"'),
    });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.nat(), fc.constantFrom("pools", "p.csv", '"]', "a]", "[", ".")), { maxLength: 6 }),
        (path) => {
          expect(locate({ code: "invalid_field", path, message: "" }).line).toBeGreaterThan(0);
        },
      ),
    );
  });

  it.each<[string, CampaignFaultCode, Uint8Array]>([
    ["is UTF-16 without a mark", "not_utf8", new Uint8Array(Buffer.from(TEXT, "utf16le"))],
    ["is empty", "empty_file", bytes("")],
    ["is blank", "empty_file", bytes("\uFEFF \r\n\n")],
    ["is not UTF-8", "not_utf8", Uint8Array.of(0x7b, 0xff, 0x7d)],
    ["is UTF-16", "not_utf8", new Uint8Array(Buffer.from(`\uFEFF${TEXT}`, "utf16le"))],
    ["is too large", "file_too_large", bytes(TEXT.padEnd(MAX_CAMPAIGN_FILE_BYTES + 1))],
  ])("that %s is refused", (_, code, file) => {
    expect(parseCampaign(file)).toMatchObject({ status: "refused", faults: [{ code, at: "file" }] });
  });

  it("that is anything at all is parsed or refused with faults, and never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(bytes)), (file) => {
        const parsed = parseCampaign(file);
        expect(parsed.status === "refused" && parsed.faults.length > 0).toBe(true);
      }),
    );
  });
});
