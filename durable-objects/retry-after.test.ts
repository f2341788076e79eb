import { expect, test } from "vitest";
import { parseRetryAfter } from "./retry-after.ts";

const NOW = Date.parse("2027-02-05T12:00:00Z");

test.each([
  ["120", 120_000],
  [" 0 ", 0],
  ["Fri, 05 Feb 2027 12:00:30 GMT", 30_000],
  ["Friday, 05-Feb-27 12:00:30 GMT", 30_000],
  ["Fri, 05 Feb 2027 11:00:00 GMT", 0],
])("reads %j", (header, ms) => {
  expect(parseRetryAfter(header, NOW)).toBe(ms);
});

test.each([null, "", "soon", "-5", "1.5", "2027-02-05", "99999999999999999999"])("takes %j for no wish", (header) => {
  expect(parseRetryAfter(header, NOW)).toBeNull();
});
