import { expect, test } from "vitest";
import { readAnswer } from "./read-answer.ts";
import type { Step } from "./script.ts";

const STEP: Step = { name: "draw", thinkMs: 0, request: [], draws: true, takes: { card: "cardId" } };

function answer(status: number, body: object, headers = "") {
  return { status, head: `HTTP/1.1 ${status} Words\r\ncontent-type: application/json${headers}`, body: Buffer.from(JSON.stringify(body)) };
}

const drawn = (status: string, cardId?: string) => ({ requestId: "r", status, ...(cardId === undefined ? {} : { cardId, url: "u" }) });

test("a draw that got its card is good, and the card goes on with the visit", () => {
  expect(readAnswer(STEP, answer(200, { results: [drawn("issued", "AQ-1")] }))).toEqual({
    status: "good",
    values: { card: "AQ-1" },
    cards: ["AQ-1"],
  });
});

test("a card of an earlier call is good, and not issued anew", () => {
  expect(readAnswer(STEP, answer(200, { results: [drawn("replayed", "AQ-1")] }))).toMatchObject({ status: "good", cards: [] });
});

test("what is refused for load is to be asked again, after the time that the answer tells", () => {
  expect(readAnswer(STEP, answer(503, { code: "overloaded" }, "\r\nRetry-After: 3"))).toEqual({
    status: "shed",
    whole: true,
    retryAfterMs: 3_000,
    cards: [],
  });
  const some = readAnswer(STEP, answer(200, { results: [drawn("issued", "AQ-1"), drawn("overloaded")] }));
  expect(some).toMatchObject({ status: "shed", whole: false, cards: ["AQ-1"] });
});

test.each([
  ["a 503 that does not say when to come back", answer(503, { code: "overloaded" }), "overloaded without Retry-After"],
  ["a 503 for another reason", answer(503, { code: "not_ready" }, "\r\nretry-after: 1"), "not_ready without Retry-After"],
  ["any other refusal", answer(429, { code: "rate_limited" }, "\r\nretry-after: 1"), "rate_limited"],
  ["what is no problem document", { status: 500, head: "HTTP/1.1 500 No", body: Buffer.from("broken") }, "status 500"],
  ["a draw that gets no card", answer(200, { results: [drawn("issued", "AQ-1"), drawn("sold_out")] }), "sold_out"],
  ["an answer without what the next step needs", answer(200, { results: [] }), "no cardId in the answer"],
])("%s is an error", (_, given, code) => {
  expect(readAnswer(STEP, given)).toEqual({ status: "failed", code });
});

test("an answer without the text that is wanted is an error", () => {
  const step: Step = { name: "reveal", thinkMs: 0, request: [], wants: '"state":"revealed"' };
  expect(readAnswer(step, answer(200, { state: "revealed" }))).toMatchObject({ status: "good" });
  expect(readAnswer(step, answer(200, { state: "issued" }))).toEqual({ status: "failed", code: "unexpected answer" });
});
