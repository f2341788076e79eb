import { expect, test } from "vitest";
import { Told } from "./told.ts";

const request = { requestId: "request-1", recipient: "visitor-1" };
const issued = (cardId: string) => ({ status: "issued", cardId }) as const;
const kinds = (told: Told) => told.findings.map(({ kind }) => kind);

test("an answer that is repeated is one answer, and nothing to find", () => {
  const told = new Told();
  for (let again = 0; again < 2; again++) {
    told.draw("spring", request, issued("card-1"));
    told.reveal("card-1", "alice", "coupon");
    told.redeem("card-1", "alice", { code: "CODE" });
    told.draw("spring", { ...request, requestId: "request-2" }, { status: "limit_reached" });
  }
  expect(told.acked).toBe(4);
  expect(told.findings).toEqual([]);
});

test("a request that is answered with another card, or with none any more, is lost", () => {
  const told = new Told();
  told.draw("spring", request, issued("card-1"));
  told.draw("spring", request, issued("card-2"));
  told.draw("spring", request, { status: "limit_reached" });
  expect(kinds(told)).toEqual(["lost", "lost"]);
});

test("a card that is issued for two requests is doubled", () => {
  const told = new Told();
  told.draw("spring", request, issued("card-1"));
  told.draw("spring", { ...request, requestId: "request-2" }, issued("card-1"));
  expect(kinds(told)).toEqual(["doubled"]);
});

test("a card that changes its prize is lost, one that has two owners doubled", () => {
  const told = new Told();
  told.draw("spring", request, issued("card-1"));
  told.reveal("card-1", "alice", "coupon");
  told.reveal("card-1", "alice", "thanks");
  told.reveal("card-1", "bob", "coupon");
  told.redeem("card-1", "bob", {});
  expect(kinds(told)).toEqual(["lost", "doubled", "doubled"]);
});

test("a card that is both redeemed and taken back is doubled", () => {
  const told = new Told();
  for (const n of [1, 2]) {
    told.draw("spring", { ...request, requestId: `request-${n}` }, issued(`card-${n}`));
    told.reveal(`card-${n}`, "alice", "coupon");
  }
  told.redeem("card-1", "alice", {});
  told.void("card-1");
  told.void("card-2");
  told.redeem("card-2", "alice", {});
  expect(kinds(told)).toEqual(["doubled", "doubled"]);
});

test("a code that changes is lost, one that is given with two cards doubled", () => {
  const told = new Told();
  for (const n of [1, 2]) {
    told.draw("spring", { ...request, requestId: `request-${n}` }, issued(`card-${n}`));
    told.reveal(`card-${n}`, "alice", "code");
    told.redeem(`card-${n}`, "alice", { code: "CODE" });
  }
  told.redeem("card-1", "alice", { code: "OTHER" });
  expect(kinds(told)).toEqual(["doubled", "lost"]);
});
