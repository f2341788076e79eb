interface Entry<Value> {
  readonly text: string;
  value: Value;
  readonly next: Entry<Value> | undefined;
}

/** What of a hash is a small integer, which a `Map` finds fastest. */
const SMALL = 2 ** 30 - 1;

/**
 * A `Map` by texts whose hashes are known. A `Map` that is given a text looks it up in the table of all the isolate's texts first, which costs more than all else
 * that is done for a draw in a hundred.
 */
export class TextTable<Value> {
  readonly #entries = new Map<number, Entry<Value>>();

  get(hash: number, text: string): Value | undefined {
    return this.#find(hash, text)?.value;
  }

  set(hash: number, text: string, value: Value): void {
    const known = this.#find(hash, text);
    if (known !== undefined) known.value = value;
    else this.#entries.set(hash & SMALL, { text, value, next: this.#entries.get(hash & SMALL) });
  }

  #find(hash: number, text: string): Entry<Value> | undefined {
    let entry = this.#entries.get(hash & SMALL);
    while (entry !== undefined && entry.text !== text) entry = entry.next;
    return entry;
  }
}
