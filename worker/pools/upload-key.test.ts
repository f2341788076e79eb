import { describe, expect, it } from "vitest";
import { errorsKey, readUploadKey } from "./upload-key.ts";

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
  ])("refuses %s, which stands below a campaign", (key) => {
    expect(readUploadKey(key)).toMatchObject({ kind: "refused", code: "unknown_key", campaign: "spring-2027" });
  });

  it.each(["Spring/campaign.json", "-x/pools/first.csv", "a/campaign.json"])("refuses %s, whose campaign id is none", (key) => {
    expect(readUploadKey(key)).toMatchObject({ kind: "refused", code: "invalid_campaign_id" });
  });

  it.each(["campaign.json", "/campaign.json", "spring-2027/", "spring-2027/pools/first.errors.json", "Photos/1.jpg", ""])(
    "ignores %j",
    (key) => {
      expect(readUploadKey(key)).toEqual({ kind: "ignored" });
    },
  );
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
