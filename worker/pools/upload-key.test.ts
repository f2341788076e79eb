import { describe, expect, it } from "vitest";
import { errorsKey, imageKey, imageType, readUploadKey } from "./upload-key.ts";

describe("readUploadKey", () => {
  it("knows a campaign file and a prize-pool file", () => {
    expect(readUploadKey("spring-2027/campaign.json")).toMatchObject({ kind: "campaign", campaign: "spring-2027" });
    expect(readUploadKey("spring-2027/pools/first.wave.csv")).toMatchObject({ kind: "pool", segment: "first.wave.csv" });
  });

  it.each([
    "spring-2027/pools/x.txt",
    "spring-2027/pools/.csv",
    "spring-2027/pools/a/b.csv",
    "spring-2027/pools/第一.csv",
    "spring-2027/notes",
    "spring-2027/pools/x.CSV",
    "spring-2027/images/x.svg",
    "spring-2027/images/a/b.png",
  ])("refuses %s, which stands below a campaign", (key) => {
    expect(readUploadKey(key)).toMatchObject({ kind: "refused", code: "unknown_key", campaign: "spring-2027" });
  });

  it.each(["Spring/campaign.json", "-x/pools/first.csv", "a/campaign.json"])("refuses %s, whose campaign id is none", (key) => {
    expect(readUploadKey(key)).toMatchObject({ kind: "refused", code: "invalid_campaign_id" });
  });

  it.each([
    "campaign.json",
    "/campaign.json",
    "spring-2027/",
    "spring-2027/pools/first.errors.json",
    "Photos/1.jpg",
    "spring-2027/images/sticker.png",
    "",
  ])("ignores %j", (key) => {
    expect(readUploadKey(key)).toEqual({ kind: "ignored" });
  });
});

it("knows where a picture of a campaign lies, and that what is none lies nowhere", () => {
  expect(imageKey("spring-2027", "sticker.v2.png")).toBe("spring-2027/images/sticker.v2.png");
  expect(imageType("spring-2027/images/sticker.v2.jpg")).toBe("image/jpeg");
  for (const name of ["../campaign.json", "a/b.png", ".png", "x.svg", "x.html", "第一.png"])
    expect(imageKey("spring-2027", name)).toBeNull();
  expect(imageKey("Spring", "sticker.png")).toBeNull();
});

it.each([
  ["spring-2027/campaign.json", "spring-2027/campaign.errors.json"],
  ["spring-2027/pools/first.csv", "spring-2027/pools/first.errors.json"],
  ["spring-2027/pools/first.txt", "spring-2027/pools/first.txt.errors.json"],
])("the faults of %s stand in %s, which is itself ignored", (object, errors) => {
  const key = readUploadKey(object);
  if (key.kind === "ignored") throw new Error("ignored");
  expect(errorsKey(key)).toBe(errors);
  expect(readUploadKey(errors)).toEqual({ kind: "ignored" });
});
