import { WHOLE_FILE, writePath } from "./faults.ts";

/** A campaign file is five deep; what is nested deeper than this is refused before the stack minds. */
const MAX_DEPTH = 64;

interface LocatedName {
  readonly at: string;
  readonly line: number;
}

export type LocatedJson =
  | {
      readonly status: "located";
      /** Line of each value, by its path; a member's is that of its name. */
      readonly lines: ReadonlyMap<string, number>;
      /** Members whose name their object has already: `JSON.parse` would silently keep the last. */
      readonly repeated: readonly LocatedName[];
      /** Members named `__proto__`. */
      readonly protos: readonly LocatedName[];
    }
  | { readonly status: "malformed"; readonly line: number; readonly message: string };

/** Says which line each value of a JSON text (RFC 8259) stands in, or in which line the text stops being JSON. Lines count from 1. */
export function locateJson(text: string): LocatedJson {
  const walk = new JsonWalk(text);
  try {
    walk.document();
  } catch (error) {
    if (error instanceof Malformed) return { status: "malformed", line: walk.line, message: error.message };
    throw error;
  }
  return { status: "located", lines: walk.lines, repeated: walk.repeated, protos: walk.protos };
}

class Malformed extends Error {}

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

class JsonWalk {
  readonly lines = new Map<string, number>();
  readonly repeated: LocatedName[] = [];
  readonly protos: LocatedName[] = [];
  line = 1;
  readonly #text: string;
  #at = 0;
  readonly #path: PropertyKey[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#skipSpace();
    this.lines.set(WHOLE_FILE, this.line);
    this.#value();
    if (this.#at < this.#text.length) throw new Malformed(`unexpected ${this.#found()} after the end of the value`);
  }

  /** Reads a value and the space behind it. */
  #value(): void {
    if (this.#path.length > MAX_DEPTH) throw new Malformed(`nested more than ${MAX_DEPTH} deep`);
    const open = this.#text[this.#at];
    if (open === "{") this.#object();
    else if (open === "[") this.#array();
    else if ((this.#match(STRING) ?? this.#match(SCALAR)) === null) throw new Malformed(`expected a value, found ${this.#found()}`);
    this.#skipSpace();
  }

  #object(): void {
    const names = new Set<string>();
    this.#at++;
    this.#skipSpace();
    if (this.#take("}")) return;
    do {
      this.#skipSpace();
      const token = this.#match(STRING);
      if (token === null) throw new Malformed(`expected a member's name in double quotes, found ${this.#found()}`);
      const name = JSON.parse(token) as string;
      this.#path.push(name);
      const at = this.#mark();
      if (names.has(name)) this.repeated.push({ at, line: this.line });
      if (name === "__proto__") this.protos.push({ at, line: this.line });
      names.add(name);
      this.#skipSpace();
      this.#expect(":", "after the member's name");
      this.#skipSpace();
      this.#value();
      this.#path.pop();
    } while (this.#take(","));
    this.#expect("}", "or a comma after the member");
  }

  #array(): void {
    let index = 0;
    this.#at++;
    this.#skipSpace();
    if (this.#take("]")) return;
    do {
      this.#skipSpace();
      this.#path.push(index++);
      this.#mark();
      this.#value();
      this.#path.pop();
    } while (this.#take(","));
    this.#expect("]", "or a comma after the element");
  }

  #mark(): string {
    const at = writePath(this.#path);
    this.lines.set(at, this.line);
    return at;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const token = pattern.exec(this.#text)?.[0] ?? null;
    if (token !== null) this.#at += token.length;
    return token;
  }

  #skipSpace(): void {
    for (const character of this.#match(SPACE) ?? "") if (character === "\n") this.line++;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string, where: string): void {
    if (!this.#take(character)) throw new Malformed(`expected ${character} ${where}, found ${this.#found()}`);
  }

  #found(): string {
    const character = this.#text[this.#at];
    return character === undefined ? "the end of the file" : JSON.stringify(character);
  }
}
