import { expect, it } from "vitest";
import { readImageRequest } from "./image-request.ts";

it("a picture is asked for as it is, or in one of the widths that are made", () => {
  expect(readImageRequest("spring", "a.png", undefined)).toEqual({ key: "spring/images/a.png", width: null });
  expect(readImageRequest("spring", "a.png", "320")).toEqual({ key: "spring/images/a.png", width: 320 });
});

it.each(["321", "0", "", "1e3", "0320", "-320"])("a width of %j is made for nobody", (w) => {
  expect(readImageRequest("spring", "a.png", w)).toBeNull();
});

it("nothing but pictures is read from the bucket", () => {
  expect(readImageRequest("spring", "campaign.json", undefined)).toBeNull();
  expect(readImageRequest("spring", "..%2Fpools%2Ffirst.csv", undefined)).toBeNull();
});
