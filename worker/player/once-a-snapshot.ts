import type { CampaignSnapshot } from "../campaign/schema.ts";

/** Makes something of a published campaign once, and gives the same as long as its snapshot lives. */
export function onceASnapshot<Made extends object>(make: (snapshot: CampaignSnapshot) => Made): (snapshot: CampaignSnapshot) => Made {
  const all = new WeakMap<CampaignSnapshot, Made>();
  return (snapshot) => {
    const known = all.get(snapshot);
    if (known !== undefined) return known;
    const made = make(snapshot);
    all.set(snapshot, made);
    return made;
  };
}
