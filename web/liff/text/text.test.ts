import { describe, expect, test } from "vitest";
import { formatDay, formatEnd, formatMoment, formatMoney, formatUnit, formatWait } from "./format.ts";
import { LANGUAGES, localText, pickLanguage } from "./language.ts";
import { loadMessages } from "./messages.ts";
import { formatPeriod } from "./period.ts";

describe("a language", () => {
  test.each([
    [["zh-Hant-TW", "en"], "zh-TW"],
    [["de-DE", "ja-JP"], "ja"],
    [["th"], "th"],
    [["de"], "en"],
    [[], "en"],
  ] as const)("of a reader of %j is %s", (preferred, language) => {
    expect(pickLanguage(preferred)).toBe(language);
  });

  test("that a campaign does not have is its sister, else English, else the first there is", () => {
    expect(localText({ "zh-TW": "新春", en: "Spring" }, "zh-TW")).toBe("新春");
    expect(localText({ zh: "新春", en: "Spring" }, "zh-TW")).toBe("新春");
    expect(localText({ "zh-TW": "新春", en: "Spring" }, "th")).toBe("Spring");
    expect(localText({ "zh-TW": "新春" }, "th")).toBe("新春");
  });

  test.each(LANGUAGES)("%s has all its words", async (language) => {
    const empty = (value: unknown): boolean =>
      value === "" || (typeof value === "object" && value !== null && Object.values(value).some(empty));
    const messages = await loadMessages(language);
    expect(empty(messages)).toBe(false);
    expect(messages.notStarted("DATE").text).toContain("DATE");
    expect(messages.validUntil("DATE")).toContain("DATE");
    expect(messages.nextTry("WAIT")).toContain("WAIT");
    // A foil may be of any metal, and scratched with whatever is at hand.
    expect(JSON.stringify(messages)).not.toMatch(/銀|silver|finger|指|นิ้ว/);
  });
});

describe("a date", () => {
  test("is the campaign's, and names its zone where the reader's clock differs", () => {
    expect(formatMoment("2027-02-05T12:00:00Z", "en", "Asia/Taipei", "Asia/Taipei")).toBe("Fri, February 5 at 20:00");
    expect(formatMoment("2027-02-05T12:00:00Z", "en", "Asia/Taipei", "Europe/Berlin")).toContain("GMT+8");
    expect(formatMoment("2027-02-05T12:00:00Z", "en", "Asia/Taipei", "Asia/Singapore")).not.toContain("GMT");
  });

  test.each([
    ["en", "Feb 20, 2027, 23:59"],
    ["zh-TW", "2027年2月20日 23:59"],
    ["ja", "2027年2月20日 23:59"],
    ["th", "20 ก.พ. 2570 23:59"],
  ] as const)("at which a card expires is in %s %s", (language, written) => {
    expect(formatEnd("2027-02-20T16:00:00Z", language, "Asia/Taipei", "Asia/Taipei")).toBe(written);
  });

  test("at which a card expires is the campaign's, and names its zone where the reader's clock differs", () => {
    expect(formatEnd("2027-02-20T10:30:00Z", "en", "Asia/Taipei", "Asia/Taipei")).toBe("Feb 20, 2027, 18:30");
    expect(formatEnd("2027-02-20T10:30:00Z", "en", "Asia/Taipei", "Europe/Berlin")).toBe("Feb 20, 2027, 18:30 GMT+8");
  });

  test("without its hour is the day that it is in the campaign's zone", () => {
    expect(formatDay("2027-02-05T17:00:00Z", "en", "Asia/Taipei")).toBe("Feb 6, 2027");
  });

  test("of an end at midnight is the day that ends there", () => {
    const period = formatPeriod("2027-02-05T12:00:00Z", "2027-02-20T16:00:00Z", "en", "Asia/Taipei");
    // Intl writes thin spaces around its dash.
    expect(period.replaceAll(/\s/g, " ")).toBe("Feb 5 – 20, 2027");
  });
});

test.each([
  [1, "day", "en", ["1", "day"]],
  [21, "hour", "en", ["21", "hours"]],
  [3, "minute", "zh-TW", ["3", "分鐘"]],
  [3, "second", "ja", ["3", "秒"]],
  [3, "hour", "th", ["3", "ชั่วโมง"]],
] as const)("%d %s in %s is %j", (value, unit, language, written) => {
  expect(formatUnit(value, unit, language)).toEqual(written);
});

describe("money", () => {
  test.each([
    [{ amount: 5000, currency: "TWD" }, "en", "NT$50"],
    [{ amount: 500, currency: "JPY" }, "ja", "￥500"],
    [{ amount: 1050, currency: "USD" }, "en", "$10.50"],
    [{ amount: 5000, currency: "TWD" }, "zh-TW", "$50"],
  ] as const)("%j in %s is %s", (money, language, written) => {
    expect(formatMoney(money, language)).toBe(written);
  });
});

test.each([
  [1, "en", "1 second"],
  [59, "ja", "59 秒"],
  [60, "th", "1 นาที"],
  [61, "en", "2 minutes"],
  [900, "zh-TW", "15 分鐘"],
] as const)("a wait of %i seconds is in %s %s", (seconds, language, written) => {
  expect(formatWait(seconds, language)).toBe(written);
});
