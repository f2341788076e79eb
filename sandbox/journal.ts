import { closeSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const NEWLINE = 0x0a;

/**
 * An append-only file of JSON lines: what was granted outlives the process. A line is written before the grant is answered; it survives a
 * killed process, not a power cut. A torn last line, of a write that was cut short and never answered, is dropped.
 */
export class Journal<Entry> {
  readonly #file: number;

  /** Opens `path`, made if it is not there, and gives every entry that stands in it to `replay`, oldest first. */
  constructor(path: string, replay: (entry: Entry) => void) {
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(path, "a+", 0o600);
    const bytes = readFileSync(path);
    const whole = bytes.lastIndexOf(NEWLINE) + 1;
    if (whole < bytes.length) truncateSync(path, whole);
    for (const [index, line] of bytes.toString("utf8", 0, whole).split("\n").entries()) {
      if (line === "") continue;
      replay(parseLine(line, path, index + 1) as Entry);
    }
  }

  append(entry: Entry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function parseLine(line: string, path: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new Error(`${path}, line ${number}, is not JSON: the sandbox's state is damaged; delete the file to start without past grants`, {
      cause,
    });
  }
}
