/**
 * What is to happen, earliest first; of what is to happen at the same time, what was planned first. A binary heap over flat arrays: an event is a kind and two
 * numbers whose meaning is its kind's, for a run plans some hundred million of them.
 */
export class EventQueue {
  #atMs = new Float64Array(1_024);
  #order = new Float64Array(1_024);
  #kind = new Int32Array(1_024);
  #first = new Float64Array(1_024);
  #second = new Float64Array(1_024);
  #size = 0;
  #planned = 0;
  /** Of the event that `next` took. */
  atMs = 0;
  kind = 0;
  first = 0;
  second = 0;

  get size(): number {
    return this.#size;
  }

  plan(atMs: number, kind: number, first: number, second: number): void {
    if (this.#size === this.#atMs.length) this.#grow();
    const order = this.#planned;
    this.#planned += 1;
    let at = this.#size;
    this.#size += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#atMs[parent] as number) <= atMs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, atMs, order, kind, first, second);
  }

  /** Takes the earliest event; false when there is none. */
  next(): boolean {
    if (this.#size === 0) return false;
    this.atMs = this.#atMs[0] as number;
    this.kind = this.#kind[0] as number;
    this.first = this.#first[0] as number;
    this.second = this.#second[0] as number;
    this.#size -= 1;
    const last = this.#size;
    if (last === 0) return true;
    const [lastMs, lastOrder] = [this.#atMs[last] as number, this.#order[last] as number];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#isBefore(child + 1, this.#atMs[child] as number, this.#order[child] as number)) child += 1;
      if (!this.#isBefore(child, lastMs, lastOrder)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, lastMs, lastOrder, this.#kind[last] as number, this.#first[last] as number, this.#second[last] as number);
    return true;
  }

  #isBefore(at: number, thanMs: number, thanOrder: number): boolean {
    const ms = this.#atMs[at] as number;
    return ms < thanMs || (ms === thanMs && (this.#order[at] as number) < thanOrder);
  }

  #move(from: number, to: number): void {
    this.#atMs[to] = this.#atMs[from] as number;
    this.#order[to] = this.#order[from] as number;
    this.#kind[to] = this.#kind[from] as number;
    this.#first[to] = this.#first[from] as number;
    this.#second[to] = this.#second[from] as number;
  }

  #put(at: number, atMs: number, order: number, kind: number, first: number, second: number): void {
    this.#atMs[at] = atMs;
    this.#order[at] = order;
    this.#kind[at] = kind;
    this.#first[at] = first;
    this.#second[at] = second;
  }

  #grow(): void {
    const grown = (from: Float64Array) => {
      const to = new Float64Array(from.length * 2);
      to.set(from);
      return to;
    };
    const kind = new Int32Array(this.#kind.length * 2);
    kind.set(this.#kind);
    this.#kind = kind;
    this.#atMs = grown(this.#atMs);
    this.#order = grown(this.#order);
    this.#first = grown(this.#first);
    this.#second = grown(this.#second);
  }
}
