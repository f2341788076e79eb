import { describe, expect, test } from "vitest";
import { shapeOf } from "./docs-shape.ts";
import type { Schema, Schemas } from "./docs-shape.ts";

const SCHEMAS: Schemas = {
  Card: { type: "object", properties: { id: { type: "string", description: "Its id" } }, required: ["id"] },
  Tree: { type: "object", properties: { children: { type: "array", items: { $ref: "#/components/schemas/Tree" } } } },
};
const card: Schema = { $ref: "#/components/schemas/Card" };

describe("the shape of a schema", () => {
  test("has the fields of what it refers to, of every part, and of what an array holds", () => {
    const whole = shapeOf({ allOf: [card, { type: "object", properties: { at: { type: "string", format: "date-time" } } }] }, SCHEMAS);
    expect(whole.fields).toMatchObject([
      { name: "id", required: true, shape: { type: "string", description: "Its id" } },
      { name: "at", required: false, shape: { type: "string (date-time)" } },
    ]);
    expect(shapeOf({ type: "array", items: card, minItems: 1, maxItems: 500 }, SCHEMAS)).toMatchObject({
      type: "object[]",
      limits: ["1 to 500 items"],
      fields: [{ name: "id" }],
    });
  });

  test.each<[Schema, string]>([
    [{ type: ["string", "null"] }, "string or null"],
    [{ type: "array", items: { type: ["integer", "null"] } }, "(integer or null)[]"],
    [{ type: "array", prefixItems: [{ type: "number" }, { type: "string" }] }, "[number, string]"],
    [{ type: "object", additionalProperties: { type: "string" } }, "map of string"],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, "string or null"],
    [{ enum: ["a", "b"] }, "string"],
    [{}, "any"],
  ])("%j is %s", (schema, type) => {
    expect(shapeOf(schema, SCHEMAS).type).toBe(type);
  });

  test("says what a value may be", () => {
    expect(shapeOf({ type: "integer", minimum: 1, maximum: 50, default: 20 }, SCHEMAS).limits).toEqual(["1 to 50", "default 20"]);
    expect(shapeOf({ type: "string", enum: ["on", "off"] }, SCHEMAS).values).toEqual(["on", "off"]);
  });

  test("that is inside of itself is unfolded once, and one that has no end is cut off", () => {
    const tree = shapeOf({ $ref: "#/components/schemas/Tree" }, SCHEMAS);
    expect(tree.fields[0]?.shape).toMatchObject({ type: "Tree[]", fields: [] });
    const endless: { type: string; properties: Record<string, Schema> } = { type: "object", properties: {} };
    endless.properties["self"] = endless;
    expect(JSON.stringify(shapeOf(endless, SCHEMAS)).length).toBeLessThan(5_000);
  });
});
