import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writePath } from "./faults.ts";
import { locateJson } from "./locate-json.ts";

function accepts(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** JSON texts with one character taken out, put in or changed: most are malformed, in every way there is. */
const damagedJson = fc
  .tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom("", ",", "}", "]", '"', "{", "[", ":", "0", "-", "\\", "\n", "\u0001", "t", " "),
    fc.boolean(),
  )
  .map(([text, at, put, replace]) => {
    const i = at % (text.length + 1);
    return text.slice(0, i) + put + text.slice(replace ? i + 1 : i);
  });

describe("locateJson", () => {
  it("accepts exactly what JSON.parse accepts", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.json({ stringUnit: "binary" }), damagedJson, fc.string()), (text) => {
        expect(locateJson(text).status === "located").toBe(accepts(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("says where each value of an indented text stands", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 20 }),
        fc.array(fc.integer(), { minLength: 1, maxLength: 5 }),
        (names, elements) => {
          const text = JSON.stringify(Object.fromEntries(names.map((name) => [name, elements])), null, 2).replaceAll("\n", "\r\n");
          const located = locateJson(text);
          if (located.status !== "located") throw new Error(located.message);
          const source = text.split("\r\n");
          for (const name of names) {
            expect(source[(located.lines.get(name) ?? 0) - 1]).toContain(`"${name}":`);
            for (const [i, element] of elements.entries()) {
              expect(source[(located.lines.get(writePath([name, i])) ?? 0) - 1]?.trim().replace(",", "")).toBe(String(element));
            }
          }
        },
      ),
    );
  });

  it.each([
    ['{\n  "a": 1,\n}', 3],
    ['{\n  "a": 1\n  "b": 2\n}', 3],
    ["[1, 2", 1],
    ['{\n"a": nul}', 2],
    ["{}\n\n{}", 3],
    ["{'a': 1}", 1],
  ])("names the line in which %j stops being JSON", (text, line) => {
    expect(locateJson(text)).toMatchObject({ status: "malformed", line });
  });

  it("tells of a member named twice", () => {
    expect(locateJson('{"a": {"b": 1,\n"b": 2}, "b": 3}')).toMatchObject({ repeated: [{ at: "a.b", line: 2 }] });
  });

  it("writes different places differently", () => {
    const located = locateJson('{"a.b": 1,\n"a": {"b": 2,\n"c]": 3, "0": [4]}}');
    if (located.status !== "located") throw new Error(located.message);
    expect([...located.lines]).toEqual([
      ["file", 1],
      ['["a.b"]', 1],
      ["a", 2],
      ["a.b", 2],
      ['a["c]"]', 3],
      ["a.0", 3],
      ["a.0[0]", 3],
    ]);
  });

  it("refuses what is nested deeper than any campaign", () => {
    expect(locateJson("[".repeat(100_000))).toMatchObject({ status: "malformed", line: 1 });
  });
});
