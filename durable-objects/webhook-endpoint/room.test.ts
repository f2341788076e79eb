import { expect, test } from "vitest";
import { admit, MAX_PENDING_EVENTS } from "./room.ts";

test.each([
  [0, 3, 0],
  [MAX_PENDING_EVENTS - 3, 3, 0],
  [MAX_PENDING_EVENTS - 1, 1, 2],
  [MAX_PENDING_EVENTS, 0, 3],
  [MAX_PENDING_EVENTS + 7, 0, 3],
])("beside %i pending events, %i of three are kept and %i missed", (pending, kept, missed) => {
  expect(admit(pending, ["a", "b", "c"])).toEqual({ kept: ["a", "b", "c"].slice(0, kept), missed: ["a", "b", "c"].slice(3 - missed) });
});
