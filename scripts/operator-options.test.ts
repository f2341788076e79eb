import { expect, test } from "vitest";
import { campaignFileSchema } from "../worker/campaign/schema.ts";
import { campaignOf, OPERATOR_OPTIONS, readOptions } from "./operator-options.ts";

const OPTIONS = { ...OPERATOR_OPTIONS, from: { type: "string" } } as const;

test("options are read, each given once", () => {
  expect(readOptions(OPTIONS, ["--campaign", "spring", "--from=lake"])).toMatchObject({ campaign: "spring", from: "lake", help: false });
  expect(() => readOptions(OPTIONS, ["--from", "lake", "--from", "issuers"])).toThrow("--from is given twice");
  expect(() => readOptions(OPTIONS, ["-h", "--help"])).toThrow("--help is given twice");
});

test.each([
  [["--form", "lake"], "Unknown option '--form'"],
  [["--campaign"], "Option '--campaign <value>' argument missing"],
  [["lake"], "Unexpected argument 'lake'"],
  [["--help=yes"], "Option '-h, --help' does not take an argument"],
])("%j is refused", (args, message) => {
  expect(() => readOptions(OPTIONS, args)).toThrow(message);
  expect(() => readOptions(OPTIONS, args)).toThrow("--help tells what this takes.");
});

test.each(["", "../x", "..", "a", "Spring", "spring/2027", "spring?", "-spring", "x".repeat(64)])("%j is no campaign", (campaign) => {
  expect(() => campaignOf({ campaign })).toThrow(`not ${JSON.stringify(campaign)}`);
  expect(campaignFileSchema.shape.id.safeParse(campaign).success).toBe(false);
});

test("a campaign must be named", () => {
  expect(() => campaignOf({})).toThrow("Which campaign?");
  for (const campaign of ["demo", "spring-2027", "x".repeat(63)]) {
    expect(campaignOf({ campaign })).toBe(campaign);
    expect(campaignFileSchema.shape.id.safeParse(campaign).success).toBe(true);
  }
});
