import type { Grant } from "./grants.ts";

/** The grants of one provider for one campaign, in the order of their webhook-ids. */
export class GrantList {
  readonly #grants: Grant[] = [];
  #isOrdered = true;

  add(grant: Grant): void {
    this.#grants.push(grant);
    this.#isOrdered = false;
  }

  /** At most `limit` of those whose webhook-id comes after this one. */
  after(id: string, limit: number): readonly Grant[] {
    if (!this.#isOrdered) this.#grants.sort((a, b) => compareBytes(a.webhookId, b.webhookId));
    this.#isOrdered = true;
    let [low, high] = [0, this.#grants.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (compareBytes(this.#grants[middle]?.webhookId ?? "", id) > 0) high = middle;
      else low = middle + 1;
    }
    return this.#grants.slice(low, low + limit);
  }
}

/** In ASCII, code units are in the order of the bytes; an id of other letters is none of Kuji's. */
function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
