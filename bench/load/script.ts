/** What a visit brings or is given, by name: whole requests, sessions, the card. */
export type Values = Readonly<Partial<Record<ValueName, string>>>;
const VALUE_NAMES = ["draw", "play", "signIn", "session", "card"] as const;
export type ValueName = (typeof VALUE_NAMES)[number];

/** A request in parts: as it stands, or a value of the visit. */
export type Part = string | { readonly value: ValueName };

/** One request of a visit. All of this crosses a process boundary. */
export interface Step {
  readonly name: string;
  /** It begins so long after the step before it was answered. */
  readonly thinkMs: number;
  readonly request: readonly Part[];
  /** Text without which a 200 is no good answer. */
  readonly wants?: string;
  /** Members of the answer, by the values that later steps know them as. */
  readonly takes?: Readonly<Partial<Record<ValueName, string>>>;
  /** Whether the answer is of draws, each of which has to get its card. */
  readonly draws?: boolean;
}

/** What somebody does, from arrival to leaving. */
export type Script = readonly Step[];

/** Somebody who comes. */
export interface Visit {
  /** From the beginning of the load. */
  readonly atMs: number;
  /** Which of the load's scripts is theirs. */
  readonly script: number;
  readonly values: Values;
}

const VALUE = new RegExp(`\\{(${VALUE_NAMES.join("|")})\\}`);

/** The parts of a text in which `{card}` stands for the visit's card, and so on. */
export function partsOf(text: string): Part[] {
  return text.split(VALUE).map((part, i): Part => (i % 2 === 0 ? part : { value: part as ValueName }));
}

/** The request as it goes over the wire. Throws where the script needs what the visit has not got. */
export function fill(parts: readonly Part[], values: Values): string {
  let request = "";
  for (const part of parts) {
    if (typeof part === "string") request += part;
    else {
      const value = values[part.value];
      if (value === undefined) throw new Error(`a visit has no ${part.value}`);
      request += value;
    }
  }
  return request;
}

/** What somebody who is never kept waiting takes to think. */
export function thinkingMs(script: Script): number {
  return script.reduce((sum, { thinkMs }) => sum + thinkMs, 0);
}
