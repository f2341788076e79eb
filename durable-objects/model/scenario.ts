import fc from "fast-check";
import type { PrizeKind, PublishedRules, SegmentOptions } from "../protocol.ts";
import { PLAIN_SEGMENT } from "../protocol.ts";
import { FAULTS, FAULTY_CALLS, STAGE_START_MS } from "./stage.ts";
import type { Fault, FaultyCall } from "./stage.ts";

export const MINUTE_MS = 60_000;
const HALF_MINUTE_MS = 30_000;
const FALLBACK = "thanks";

/** A campaign for the model: everything is small, and times are minutes since its beginning. */
export interface Scenario {
  readonly seed: number;
  readonly shards: number;
  readonly perRecipient: number | null;
  readonly perDay: number | null;
  readonly ttl: number | null;
  readonly autoRedeem: boolean;
  readonly onVoid: boolean;
  readonly onExpiry: boolean;
  readonly fallback: boolean;
  readonly endsIn: number;
  readonly timers: boolean;
  readonly segments: readonly SegmentPlan[];
  /** Imported one after the other while the campaign runs. */
  readonly restocks: readonly SegmentPlan[];
}

export interface SegmentPlan {
  readonly kind: "finite" | "codes" | "repeat" | "moments";
  readonly quantities: readonly number[];
  readonly opensIn: number | null;
  /** After it has opened. */
  readonly lasts: number | null;
  readonly rollOver: boolean;
  readonly maxDecks: number | null;
}

export interface DrawSpec {
  /** One of the shard's recipients, or nobody. */
  readonly recipient: number | null;
  /** Null: a new request. Otherwise an earlier one of the shard again, counted back from the last. */
  readonly again: number | null;
  /** Of another content than the first time. */
  readonly twisted: boolean;
}

/** `who`: -1 is the pool, others are shards. */
export type Command =
  | { readonly type: "draw"; readonly shard: number; readonly draws: readonly DrawSpec[] }
  | { readonly type: "reveal" | "redeem" | "void" | "use"; readonly card: number; readonly user: number }
  | { readonly type: "alarm"; readonly who: number; readonly twice: boolean }
  | { readonly type: "restock" | "pause" | "resume" | "audit" }
  | { readonly type: "pass"; readonly minutes: number }
  | { readonly type: "evict"; readonly who: number }
  /** `who`: -2 is everything. */
  | { readonly type: "abort"; readonly who: number; readonly afterMs: number }
  | { readonly type: "fault"; readonly call: FaultyCall; readonly fault: Fault }
  | { readonly type: "acknowledge"; readonly shard: number; readonly every: number };

/** A command, and whether it is given while those before it are still under way. */
export interface Beat {
  readonly command: Command;
  readonly atOnce: boolean;
}

const segmentPlans: fc.Arbitrary<SegmentPlan> = fc.record({
  kind: fc.constantFrom("finite", "finite", "codes", "repeat", "moments"),
  // Mostly so few that they come to their end; sometimes enough for issuers to ask ahead of their need.
  quantities: fc.oneof(
    { weight: 9, arbitrary: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 15, max: 30 }), { minLength: 1, maxLength: 1 }) },
  ),
  opensIn: fc.option(fc.nat(9), { freq: 1, nil: null }).map((minutes) => (minutes !== null && minutes > 6 ? null : minutes)),
  lasts: fc.option(fc.integer({ min: 1, max: 12 }), { nil: null, freq: 1 }),
  rollOver: fc.boolean(),
  maxDecks: fc.constantFrom(null, 2, 3),
});

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.nat(0x7fffffff),
  shards: fc.constantFrom(2, 2, 3, 4),
  perRecipient: fc.constantFrom(null, 1, 2, 4),
  perDay: fc.constantFrom(null, null, 1, 2),
  ttl: fc.constantFrom(null, 3, 8, 100),
  autoRedeem: fc.boolean(),
  onVoid: fc.boolean(),
  onExpiry: fc.boolean(),
  fallback: fc.boolean(),
  endsIn: fc.constantFrom(30, 300, 300, 300),
  timers: fc.boolean(),
  segments: fc.array(segmentPlans, { minLength: 1, maxLength: 2 }),
  restocks: fc.array(segmentPlans, { maxLength: 2 }),
});

const shard = fc.nat(3);
const who = fc.integer({ min: -1, max: 3 });
const drawSpecs: fc.Arbitrary<DrawSpec> = fc.record({
  recipient: fc.option(fc.nat(1), { nil: null, freq: 2 }),
  again: fc.option(fc.nat(5), { nil: null, freq: 3 }).map((back) => (back !== null && back > 2 ? null : back)),
  twisted: fc.constantFrom(false, false, false, true),
});
const cardCommand = (type: "reveal" | "redeem" | "void" | "use") =>
  fc.record({ type: fc.constant(type), card: fc.nat(7), user: fc.constantFrom(0, 0, 0, 1) });

const always = <Type extends string>(type: Type) => fc.constant(type);
const weighted = (weight: number, arbitrary: fc.Arbitrary<Command>) => ({ weight, arbitrary });

const commandsOf = (killOne: boolean): fc.Arbitrary<Command> =>
  fc.oneof(
    weighted(20, fc.record({ type: always("draw"), shard, draws: fc.array(drawSpecs, { minLength: 1, maxLength: 1 }) })),
    weighted(6, fc.record({ type: always("draw"), shard, draws: fc.array(drawSpecs, { minLength: 2, maxLength: 6 }) })),
    weighted(9, cardCommand("reveal")),
    weighted(7, cardCommand("redeem")),
    weighted(6, cardCommand("void")),
    weighted(3, cardCommand("use")),
    weighted(5, fc.record({ type: always("alarm"), who, twice: fc.boolean() })),
    weighted(5, fc.record({ type: fc.constantFrom("restock", "pause", "resume", "resume") })),
    weighted(2, fc.record({ type: always("audit") })),
    weighted(3, fc.record({ type: always("pass"), minutes: fc.integer({ min: 1, max: 6 }) })),
    weighted(2, fc.record({ type: always("evict"), who })),
    weighted(3, fc.record({ type: always("abort"), who: killOne ? fc.integer({ min: -2, max: 3 }) : fc.constant(-2), afterMs: fc.nat(4) })),
    weighted(
      4,
      fc.record({ type: always("fault"), call: fc.constantFrom(...FAULTY_CALLS, "lease", "send"), fault: fc.constantFrom(...FAULTS) }),
    ),
    weighted(2, fc.record({ type: always("acknowledge"), shard, every: fc.integer({ min: 1, max: 3 }) })),
  );

const beatsArbitrary = (killOne: boolean): fc.Arbitrary<Beat> =>
  fc.record({ command: commandsOf(killOne), atOnce: fc.constantFrom(true, true, false) });

/** Always as many as asked for, but shrinking to fewer. */
class Beats extends fc.Arbitrary<Beat[]> {
  readonly #full: fc.Arbitrary<Beat[]>;
  readonly #fewer: fc.Arbitrary<Beat[]>;

  constructor(beats: fc.Arbitrary<Beat>, length: number) {
    super();
    this.#full = fc.array(beats, { minLength: length, maxLength: length });
    this.#fewer = fc.array(beats, { maxLength: length });
  }

  override generate(random: fc.Random, bias: number | undefined): fc.Value<Beat[]> {
    return this.#full.generate(random, bias);
  }

  override canShrinkWithoutContext(value: unknown): value is Beat[] {
    return this.#fewer.canShrinkWithoutContext(value);
  }

  override shrink(value: Beat[], context: unknown): fc.Stream<fc.Value<Beat[]>> {
    return this.#fewer.shrink(value, context);
  }
}

/** `killOne`: objects are aborted one by one, too, and not only all at once. */
export function beatsOf(length: number, killOne: boolean): fc.Arbitrary<Beat[]> {
  return new Beats(beatsArbitrary(killOne), length);
}

/** Moments of the plan lie between whole minutes: at one, it is clear what is open. */
function atMinute(minute: number): number {
  return STAGE_START_MS + minute * MINUTE_MS + HALF_MINUTE_MS;
}

const KINDS: readonly PrizeKind[] = ["coupon", "webhook", "none"];

/** A plan with its name; every segment has prizes of its own, so that a card's prize tells its segment. */
export interface PlannedSegment extends SegmentPlan {
  readonly name: string;
  readonly prizes: readonly { readonly prize: string; readonly kind: PrizeKind; readonly quantity: number }[];
  readonly opensAtMs: number | null;
  readonly closesAtMs: number | null;
  readonly options: SegmentOptions;
}

export function planSegment(plan: SegmentPlan, index: number): PlannedSegment {
  const { kind, quantities, opensIn, lasts, rollOver, maxDecks } = plan;
  const prizes = quantities.map((quantity, i) => {
    const coded = kind === "codes" && i === 0;
    return { prize: `prize-${index}-${i}`, kind: coded ? ("code" as const) : (KINDS[i % KINDS.length] ?? "none"), quantity };
  });
  const scheduled = kind !== "moments";
  const from = opensIn ?? 0;
  const options: SegmentOptions = {
    ...PLAIN_SEGMENT,
    leftover: rollOver ? "roll-over" : "withhold",
    repeat: kind === "repeat" ? { maxDecks } : null,
    moments: kind === "moments" ? { fromMs: atMinute(from - 1), toMs: atMinute(from + (lasts ?? 4)) } : null,
  };
  return {
    ...plan,
    name: `segment-${index}.csv`,
    prizes,
    opensAtMs: scheduled && opensIn !== null ? atMinute(opensIn - 1) : null,
    closesAtMs: scheduled && lasts !== null ? atMinute(from + lasts) : null,
    options,
  };
}

export function rulesOf(scenario: Scenario, segments: readonly PlannedSegment[]): Omit<PublishedRules, "campaign"> {
  const { shards, perRecipient, perDay, ttl, autoRedeem, onVoid, onExpiry, fallback, endsIn } = scenario;
  return {
    shards,
    ledgers: 1,
    startsAtMs: STAGE_START_MS - 60 * MINUTE_MS,
    endsAtMs: atMinute(endsIn),
    cardTtlMs: ttl === null ? null : ttl * MINUTE_MS + HALF_MINUTE_MS,
    timezone: "Asia/Taipei",
    limits: { perRecipient, perRecipientPerDay: perDay },
    autoRedeem,
    returnStock: { onVoid, onExpiry },
    fallback: fallback ? FALLBACK : null,
    prizes: { ...Object.fromEntries(segments.flatMap(({ prizes }) => prizes.map(({ prize, kind }) => [prize, kind]))), [FALLBACK]: "none" },
    pools: Object.fromEntries(segments.map(({ name, options }) => [name, options])),
  };
}
