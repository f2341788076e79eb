import { isDeepStrictEqual } from "node:util";
import { PLAIN_SEGMENT } from "../../durable-objects/protocol.ts";
import type { PublishedRules, SegmentOptions } from "../../durable-objects/protocol.ts";
import { hoursToMs, ledgersForShards, shardsForPeak } from "./schema.ts";
import type { CampaignFile } from "./schema.ts";

/** What the pool and the issuers must know of a campaign file, where so many ledgers are bound. */
export function toRules(file: CampaignFile, boundLedgers: number): PublishedRules {
  const shards = shardsForPeak(file.expectedPeakPerSecond);
  return {
    campaign: file.id,
    shards,
    ledgers: ledgersForShards(shards, boundLedgers),
    startsAtMs: Date.parse(file.startsAt),
    endsAtMs: Date.parse(file.endsAt),
    cardTtlMs: file.cardTtlHours === undefined ? null : hoursToMs(file.cardTtlHours),
    timezone: file.timezone,
    limits: { perRecipient: file.limits.perRecipient ?? null, perRecipientPerDay: file.limits.perRecipientPerDay ?? null },
    autoRedeem: file.autoRedeem,
    returnStock: file.returnStock,
    fallback: file.fallback ?? null,
    prizes: Object.fromEntries(file.prizes.map(({ id, kind }) => [id, kind])),
    pools: Object.fromEntries(
      Object.entries(file.pools)
        .map(([name, options]) => [name, toOptions(options)] as const)
        .filter(([, options]) => !isDeepStrictEqual(options, PLAIN_SEGMENT)),
    ),
  };
}

function toOptions({ leftover, repeat, maxDecks, moments }: CampaignFile["pools"][string]): SegmentOptions {
  return {
    leftover,
    repeat: repeat ? { maxDecks: maxDecks ?? null } : null,
    moments: moments === undefined ? null : { fromMs: Date.parse(moments.from), toMs: Date.parse(moments.to) },
  };
}
