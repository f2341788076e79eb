import type { Fairness } from "./fairness.ts";

/** What a document saved earlier promised that today's takes back; empty when it stands by all of it. Segments may have come since, and decks. */
export function* brokenPromises(earlier: Fairness, now: Fairness): Generator<string> {
  if (earlier.campaign !== now.campaign) yield `the earlier document is of ${earlier.campaign}, not of ${now.campaign}`;
  for (const { segment, commitment, size, roots } of earlier.segments) {
    const today = now.segments.find((one) => one.segment === segment);
    if (today === undefined) yield `${segment} was published earlier, and is gone`;
    else if (today.commitment !== commitment) yield `${segment}: its commitment was ${commitment}, and is ${today.commitment}`;
    else if (today.size !== size) yield `${segment}: its decks had ${size} cards, and have ${today.size}`;
    else {
      const known = new Map(today.roots.map(({ deck, root }) => [deck, root]));
      for (const { deck, root } of roots) {
        const rootNow = known.get(deck);
        if (rootNow !== undefined && rootNow !== root) yield `${segment}: the root of its deck ${deck} was ${root}, and is ${rootNow}`;
      }
    }
  }
}
