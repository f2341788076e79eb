import { readFile } from "node:fs/promises";
import { beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { COLUMNS } from "../pools/pool-rows.ts";
import { campaignFileSchema } from "./schema.ts";

/** As much of a JSON Schema as the campaign file's has. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly maximum?: number;
  /** Of an object, that of its fields. */
  readonly default?: string | boolean | object;
}

/** The paths to all fields that hold a value, with what bounds each. */
function fieldsOf({ properties, additionalProperties, items, ...bounds }: Schema, at = ""): [string, Schema][] {
  if (items !== undefined) return fieldsOf(items, `${at}[]`);
  if (at === "pools" && typeof additionalProperties === "object") return fieldsOf(additionalProperties, `${at}["first.csv"]`);
  if (properties === undefined) return [[at, bounds]];
  return Object.entries(properties).flatMap(([name, field]) => fieldsOf(field, at === "" ? name : `${at}.${name}`));
}

/** What a row must say of a field. */
function boundsOf({ enum: values = [], maximum, default: preset }: Schema): string[] {
  const bound = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? [] : [maximum.toLocaleString("en")];
  const unless = typeof preset === "object" || preset === undefined ? [] : [`\`${preset}\``];
  return [...values, ...bound, ...unless];
}

let rows: ReadonlyMap<string, string>;
beforeAll(async () => {
  const lines = (await readFile(`${import.meta.dirname}/README.md`, "utf8")).split("\n");
  rows = new Map(lines.flatMap((line) => [...line.matchAll(/^\| `([^`]+)` /g)].map(([, name = ""]) => [name, line] as const)));
});

it("the reference has a row a field of the campaign file, a column of a pool and a kind of prize, and no other", () => {
  const schema = z.toJSONSchema(campaignFileSchema, { io: "input" }) as Schema;
  const fields = fieldsOf(schema);
  const kinds = campaignFileSchema.shape.prizes.element.shape.kind.options;
  expect(new Set(rows.keys())).toEqual(new Set([...fields.map(([path]) => path), ...COLUMNS, ...kinds]));
  for (const [path, field] of fields) for (const bound of boundsOf(field)) expect(rows.get(path)).toContain(bound);
});
