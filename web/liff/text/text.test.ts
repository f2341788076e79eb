import { describe, expect, test } from "vitest";
import { formatMoment, formatMoney, formatPeriod } from "./format.ts";
import { LANGUAGES, localText, pickLanguage } from "./language.ts";
import { loadMessages } from "./messages.ts";

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
  });
});

describe("a date", () => {
  test("is the campaign's, and names its zone where the reader's clock differs", () => {
    expect(formatMoment("2027-02-05T12:00:00Z", "en", "Asia/Taipei", "Asia/Taipei")).toBe("Fri, February 5 at 20:00");
    expect(formatMoment("2027-02-05T12:00:00Z", "en", "Asia/Taipei", "Europe/Berlin")).toContain("GMT+8");
    expect(formatMoment("2027-02-05T12:00:00Z", "en", "Asia/Taipei", "Asia/Singapore")).not.toContain("GMT");
  });

  test("of an end at midnight is the day that ends there", () => {
    const period = formatPeriod("2027-02-05T12:00:00Z", "2027-02-20T16:00:00Z", "en", "Asia/Taipei");
    // Intl writes thin spaces around its dash.
    expect(period.replaceAll(/\s/g, " ")).toBe("Feb 5 – 20, 2027");
  });
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
