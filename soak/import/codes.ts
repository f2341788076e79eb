import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** An odd factor and its inverse modulo 2³²: each number has one code, and neighbours have nothing in common. */
const FACTOR = 2_654_435_761;
const INVERSE = 244_002_641;
const DIGITS = 36;
const LENGTH = 7;
const PREFIX = "CAFE-";
const ROWS_AT_ONCE = 10_000;

/** The code of a number below 2³². */
export function codeOf(number: number): string {
  return PREFIX + (Math.imul(number, FACTOR) >>> 0).toString(DIGITS).toUpperCase().padStart(LENGTH, "0");
}

/** The number of a code. */
export function numberOf(code: string): number {
  return Math.imul(Number.parseInt(code.slice(PREFIX.length), DIGITS), INVERSE) >>> 0;
}

/** Writes a prize-pool file with the codes of these numbers, in their order. */
export async function writeCodes(path: string, numbers: Iterable<number>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await pipeline(Readable.from(pages(numbers)), createWriteStream(path));
}

function* pages(numbers: Iterable<number>): Generator<string> {
  let page = "prize,quantity,code\n";
  let rows = 0;
  for (const number of numbers) {
    page += `cafe-code,1,${codeOf(number)}\n`;
    if (++rows % ROWS_AT_ONCE === 0) {
      yield page;
      page = "";
    }
  }
  yield page;
}

export function* range(from: number, to: number): Generator<number> {
  for (let number = from; number < to; number++) yield number;
}

/** Which of the numbers below `count` have been seen, and how often one was seen again. */
export class Seen {
  readonly #seen: Uint8Array;
  distinct = 0;
  doubled = 0;
  /** Seen, and none of them. */
  strange = 0;

  constructor(count: number) {
    this.#seen = new Uint8Array(count);
  }

  get missing(): number {
    return this.#seen.length - this.distinct;
  }

  add(number: number): void {
    const before = this.#seen[number];
    if (before === undefined) this.strange += 1;
    else if (before === 1) this.doubled += 1;
    else {
      this.#seen[number] = 1;
      this.distinct += 1;
    }
  }
}
