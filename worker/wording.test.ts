import { expect, it } from "vitest";
import { z } from "zod";
import "./wording.ts";

it.each<[z.ZodType, unknown, string]>([
  [z.number().positive(), 0, "must be a number above 0"],
  [z.int().min(1), 0, "must be a number of at least 1"],
  [z.number().lt(3), 3, "must be a number below 3"],
  [z.int().max(9), 10, "must be a number of at most 9"],
  [z.int(), 1.5, "must be a whole number, not a number"],
  [z.record(z.string(), z.number()), "x", "must be an object, not a text"],
  [z.strictObject({}), [], "must be an object, not a list"],
  [z.array(z.string()), null, "must be a list, not null"],
  [z.boolean(), "true", "must be true or false, not a text"],
  [z.array(z.string()).min(1), [], "must have an entry"],
  [z.string().min(1), "", "must not be empty"],
  [z.string().max(2), "abc", "must have at most 2 characters"],
  [z.enum(["gold", "red"]), "blue", "must be one of gold, red"],
  [z.literal("gold"), "blue", "must be gold"],
  [z.iso.datetime({ offset: true }), "5 February", "must be a time like 2027-02-05T20:00:00+08:00"],
  [z.string().regex(/^a/), "b", "is not of the form that this takes"],
  [z.string().regex(/^a/, "must begin with a"), "b", "must begin with a"],
  [
    z.discriminatedUnion("type", [z.object({ type: z.literal("text") }), z.object({ type: z.literal("image") })]),
    { type: "fax" },
    "must be one of text, image",
  ],
  [z.json(), undefined, "is not of the form that this takes"],
])("what is wrong is said in our words: %#", (schema, value, message) => {
  expect(schema.safeParse(value).error?.issues[0]?.message).toBe(message);
});
