import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AA_CONTRAST, contrast, COVERS, METALS, mix, readable, themeOf } from "./theme.ts";

const colour = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, "0")}`);
const SCHEMES = ["light", "dark"] as const;
/** What is written, and what it is written on. */
const WRITTEN: readonly (readonly [ink: string, ground: string])[] = [
  ...SCHEMES.flatMap((scheme) =>
    ["ink", "soft", "accent"].flatMap((ink) =>
      ["page", "glow", "raised"].map((ground) => [`--${ink}-${scheme}`, `--${ground}-${scheme}`] as const),
    ),
  ),
  ...["--paper-ink", "--paper-soft", "--paper-accent"].flatMap((ink) =>
    ["--paper", "--ray", "--paper-tint"].map((ground) => [ink, ground] as const),
  ),
];

describe("a theme", () => {
  test("keeps every text readable (AA), whatever colours an operator chooses", () => {
    fc.assert(
      fc.property(colour, colour, fc.constantFrom(...COVERS), (accent, background, cover) => {
        const { properties } = themeOf({ accent, background, cover });
        for (const [ink, ground] of WRITTEN) {
          expect(contrast(properties[ink] ?? "", properties[ground] ?? ""), `${ink} on ${ground}`).toBeGreaterThanOrEqual(AA_CONTRAST);
        }
        expect(contrast("#ffffff", properties["--band"] ?? "")).toBeGreaterThanOrEqual(AA_CONTRAST);
        expect(contrast("#ffffff", properties["--band-deep"] ?? "")).toBeGreaterThanOrEqual(AA_CONTRAST);
      }),
    );
  });

  test("keeps to the operator's background", () => {
    expect(themeOf({ background: "#fff7e6" }).properties["--page-light"]).toBe("#fff7e6");
  });

  test("is a shipped one where nothing is chosen, and gives way to what is", () => {
    expect(themeOf({})).toEqual(themeOf({ base: "festival" }));
    const line = themeOf({ base: "line" });
    expect([line.cover, line.properties["--page-light"]]).toEqual(["silver", "#f2faf4"]);
    expect(themeOf({ base: "line", cover: "green" }).properties["--page-light"]).toBe("#f2faf4");
    expect(themeOf({ base: "line", cover: "green" }).cover).toBe("green");
  });

  test.each(COVERS)("prints words on %s that can be read", (cover) => {
    expect(contrast(METALS[cover].ink, METALS[cover].light)).toBeGreaterThanOrEqual(AA_CONTRAST);
  });
});

test("a colour that is readable is left as it is", () => {
  expect(readable("#b00020", "#ffffff")).toBe("#b00020");
  expect(readable("#06c755", "#ffffff")).not.toBe("#06c755");
});

test("mixing nothing of a colour changes nothing, and all of it is that colour", () => {
  expect(mix("#123456", "#abcdef", 0)).toBe("#123456");
  expect(mix("#123456", "#abcdef", 1)).toBe("#abcdef");
});
