/** The part of JSON Schema that our routes are described in. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly additionalProperties?: boolean | Schema;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export type Schemas = Readonly<Record<string, Schema>>;

/** A schema as a reader sees it: what it is in a word, what it may be, and what is in it. */
export interface Shape {
  readonly type: string;
  readonly description: string;
  /** The values of an enumeration. */
  readonly values: readonly string[];
  readonly limits: readonly string[];
  readonly pattern: string | null;
  readonly fields: readonly Field[];
  /** It is one of these. */
  readonly variants: readonly Shape[];
}

export interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly shape: Shape;
}

/** Deeper than anything that we answer; below it a schema is only named. */
const MAX_DEPTH = 8;
const REF = "#/components/schemas/";

/** `above`: the names of the schemas around this one. One that is inside of itself is named there and not unfolded again. */
export function shapeOf(schema: Schema, schemas: Schemas, depth = 0, above: readonly string[] = []): Shape {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace(REF, "");
    const named = schemas[name];
    if (named === undefined || above.includes(name)) return { ...leafOf({}), type: name, description: schema.description ?? "" };
    const shape = shapeOf(named, schemas, depth, [...above, name]);
    return { ...shape, description: schema.description ?? shape.description };
  }
  const inside = (inner: Schema) => shapeOf(inner, schemas, depth + 1, above);
  if (schema.allOf !== undefined) return joined([...schema.allOf.map((part) => shapeOf(part, schemas, depth, above)), ownPartOf(schema)]);
  const leaf = leafOf(schema);
  if (depth >= MAX_DEPTH) return leaf;

  const variants = (schema.oneOf ?? schema.anyOf)?.map(inside);
  if (variants !== undefined) return { ...leaf, type: [...new Set(variants.map(({ type }) => type))].join(" or "), variants };
  if (schema.prefixItems !== undefined) {
    return { ...leaf, type: `[${schema.prefixItems.map((item) => inside(item).type).join(", ")}]` };
  }
  if (schema.items !== undefined) {
    const { type, fields, values, pattern, variants: inner, ...item } = inside(schema.items);
    return {
      type: type.includes(" ") ? `(${type})[]` : `${type}[]`,
      description: leaf.description === "" ? item.description : leaf.description,
      values,
      limits: [...leaf.limits, ...item.limits],
      pattern,
      fields,
      variants: inner,
    };
  }
  const { additionalProperties: rest } = schema;
  const fields = Object.entries(schema.properties ?? {}).map(([name, inner]) => ({
    name,
    required: schema.required?.includes(name) ?? false,
    shape: inside(inner),
  }));
  if (typeof rest !== "object" || fields.length > 0) return { ...leaf, fields };
  const values = inside(rest);
  const more = values.description === "" ? leaf.description : leaf.description || values.description;
  return { ...leaf, type: `map of ${values.type}`, description: more, fields: values.fields };
}

/** What a schema says of itself, whatever is in it. */
function leafOf(schema: Schema): Shape {
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  const values = schema.const === undefined ? (schema.enum ?? []) : [schema.const];
  const [type = "any"] = types.length === 0 && values.length > 0 ? [typeof values[0]] : [types.join(" or ") || undefined];
  return {
    type: schema.format === undefined ? type : `${type} (${schema.format})`,
    description: schema.description ?? "",
    values: values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))),
    limits: [
      range(schema.minLength, schema.maxLength, " characters"),
      range(schema.minItems, schema.maxItems, " items"),
      range(schema.minimum, schema.maximum, ""),
      schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`,
    ].filter((limit) => limit !== ""),
    pattern: schema.pattern ?? null,
    fields: [],
    variants: [],
  };
}

/** The description that stands beside an `allOf`. */
function ownPartOf({ description }: Schema): Shape {
  return leafOf(description === undefined ? {} : { description });
}

function joined(parts: readonly Shape[]): Shape {
  const last = <T>(values: readonly T[], empty: T): T => values.findLast((value) => value !== empty) ?? empty;
  return {
    type: last(
      parts.map(({ type }) => type),
      "any",
    ),
    description: last(
      parts.map(({ description }) => description),
      "",
    ),
    values: parts.flatMap(({ values }) => values),
    limits: parts.flatMap(({ limits }) => limits),
    pattern: last(
      parts.map(({ pattern }) => pattern),
      null,
    ),
    fields: parts.flatMap(({ fields }) => fields),
    variants: parts.flatMap(({ variants }) => variants),
  };
}

function range(min: number | undefined, max: number | undefined, unit: string): string {
  const write = (value: number) => value.toLocaleString("en");
  if (min !== undefined && max !== undefined) return `${min === max ? write(min) : `${write(min)} to ${write(max)}`}${unit}`;
  if (min !== undefined) return `at least ${write(min)}${unit}`;
  return max === undefined ? "" : `at most ${write(max)}${unit}`;
}
