import { describe, expect, it } from "vitest";
import { CardIds } from "./card-ids.ts";

const address = { campaign: "spring", shard: 2 };
const [oldSecret, newSecret] = ["the first secret of 32 characters", "a later secret of 32 characters!"];

describe("the ids of an issuer's cards", () => {
  it("stay what they were when the key is changed, while new cards get ids by the new key", () => {
    const before = new CardIds([oldSecret], []);
    const firstUse = before.nextUse(1);
    const oldId = before.mint(address, 7);
    const after = new CardIds([newSecret, oldSecret], firstUse === null ? [] : [firstUse]);
    const secondUse = after.nextUse(8);
    expect(secondUse).toMatchObject({ firstSeq: 8 });
    expect(after.nextUse(9)).toBeNull();
    expect(after.mint(address, 7)).toBe(oldId);
    expect(after.read(address, oldId)).toBe(7);
    const newId = after.mint(address, 8);
    expect(after.read(address, newId)).toBe(8);
    expect(before.read(address, newId)).toBeNull();
  });

  it("are one for each card: an id that another of our keys would have made is none", () => {
    const before = new CardIds([oldSecret], []);
    const ids = new CardIds([newSecret, oldSecret], []);
    ids.nextUse(1);
    expect(ids.read(address, before.mint(address, 3))).toBeNull();
  });

  it("belong to one shard of one campaign", () => {
    const ids = new CardIds([oldSecret], []);
    const id = ids.mint(address, 3);
    expect(ids.read(address, id)).toBe(3);
    expect(ids.read({ ...address, shard: 3 }, id)).toBeNull();
    expect(ids.read({ ...address, campaign: "summer" }, id)).toBeNull();
  });

  it("outlive even the key that made them, under another id", () => {
    const before = new CardIds([oldSecret], []);
    const use = before.nextUse(1);
    const after = new CardIds([newSecret], use === null ? [] : [use]);
    after.nextUse(8);
    const id = after.mint(address, 3);
    expect(id).not.toBe(before.mint(address, 3));
    expect(after.read(address, id)).toBe(3);
  });
});
