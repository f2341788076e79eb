import { DrizzleQueryError } from "drizzle-orm/errors";
import { expect, it } from "vitest";
import { errorText } from "./error-text.ts";

it("says what went wrong with a query, not what was asked for", () => {
  const error = new DrizzleQueryError("select * from cards where line_user = ?", ["U-secret"], new Error("D1_ERROR: no such table"));
  expect(String(error)).toContain("U-secret");
  expect(errorText(error)).toContain("D1_ERROR: no such table");
  expect(errorText(error)).not.toContain("U-secret");
  expect(errorText(new DrizzleQueryError("select", ["U-secret"]))).not.toContain("U-secret");
  expect(errorText(new TypeError("broken"))).toContain("TypeError: broken");
  expect(errorText("thrown text")).toBe("thrown text");
});
