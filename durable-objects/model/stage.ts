import { env } from "cloudflare:workers";
import { seededRandom } from "../../soak/random.ts";
import type { Random } from "../../soak/random.ts";
import type { CardIssuer } from "../card-issuer/card-issuer.ts";
import type { PrizePool } from "../prize-pool/prize-pool.ts";
import { issuerName } from "../protocol.ts";

/** 23:50 in Taipei, so that a day ends within a campaign; years away, so that no alarm rings by itself. */
export const STAGE_START_MS = Date.UTC(2030, 0, 15, 15, 50);
/** What an issuer leaves to a timer comes this much sooner: a run lasts a fraction of a second. */
const TIMER_SPEED = 50;
/** Shorter timers are waits within a command and keep their length. */
const SHORT_TIMER_MS = 100;
const SLOW_MS = 8;

export const FAULTY_CALLS = ["lease", "giveBack", "deliver", "surrender", "configure"] as const;
export type FaultyCall = (typeof FAULTY_CALLS)[number] | "send";
export const FAULTS = ["reply lost", "call lost", "doubled", "slow"] as const;
export type Fault = (typeof FAULTS)[number];

/**
 * The clock, the randomness, the calls between the objects and the queue, in a test's hand. The objects run in the isolate of the test and look
 * these up where they stand: what is put there holds for every object.
 */
export class Stage {
  /** Blocks that were sent, in order, as bytes. */
  sent: Uint8Array[] = [];
  /** Seeds that were handed out, one per deck imported. */
  seeds: Uint8Array[] = [];
  /** Whether what is left to timers is done, or all of it left to the alarms. */
  timers = true;
  readonly #real = {
    now: Date.now,
    random: Math.random,
    setTimeout: globalThis.setTimeout,
    getRandomValues: crypto.getRandomValues.bind(crypto),
    error: console.error,
    pool: env.PRIZE_POOL.getByName.bind(env.PRIZE_POOL),
    issuer: env.CARD_ISSUER.getByName.bind(env.CARD_ISSUER),
  };
  readonly #faults = new Map<FaultyCall, Fault[]>();
  #random: Random = seededRandom(0);
  #aheadMs = 0;

  constructor() {
    const real = this.#real;
    Date.now = () => real.now() + this.#aheadMs;
    Math.random = () => this.#random.next();
    console.error = () => {};
    globalThis.setTimeout = ((work: () => void, ms: number) => {
      if (ms < SHORT_TIMER_MS) return real.setTimeout(work, ms);
      return this.timers ? real.setTimeout(work, ms / TIMER_SPEED) : 0;
    }) as typeof setTimeout;
    crypto.getRandomValues = ((bytes: Uint8Array) => {
      for (let i = 0; i < bytes.length; i++) bytes[i] = this.#random.int(0, 255);
      this.seeds.push(bytes.slice());
      return bytes;
    }) as typeof crypto.getRandomValues;
    env.PRIZE_POOL.getByName = (name) => this.#faulty(real.pool(name));
    env.CARD_ISSUER.getByName = (name) => this.#faulty(real.issuer(name));
    const sendBatch = async (messages: Iterable<MessageSendRequest<Uint8Array>>) => {
      const fault = this.#faults.get("send")?.shift();
      // As what leaves an object by a real queue, this waits until what was written before is on disk.
      await env.CONFIG.get("nothing");
      if (fault === "call lost") throw new Error("the queue does not answer");
      if (fault !== "reply lost") for (const { body } of messages) this.sent.push(body);
      if (fault === "doubled") for (const { body } of messages) this.sent.push(body);
    };
    env.CARD_EVENTS.sendBatch = sendBatch as unknown as Queue["sendBatch"];
  }

  /** Begins anew: the clock at `STAGE_START_MS`, randomness from the seed, no faults. */
  reset(seed: number, timers: boolean): void {
    this.#aheadMs = STAGE_START_MS - this.#real.now();
    this.#random = seededRandom(seed);
    this.#faults.clear();
    this.timers = timers;
    this.sent = [];
    this.seeds = [];
  }

  nowMs(): number {
    return Date.now();
  }

  /** Never back. */
  setClock(atMs: number): void {
    this.#aheadMs += Math.max(0, atMs - Date.now());
  }

  async sleep(ms: number): Promise<false> {
    await new Promise((resolve) => this.#real.setTimeout(resolve, ms));
    return false;
  }

  /** The next call of this name goes wrong. */
  arm(call: FaultyCall, fault: Fault): void {
    this.#faults.set(call, [...(this.#faults.get(call) ?? []), fault]);
  }

  isArmed(call: FaultyCall): boolean {
    return (this.#faults.get(call)?.length ?? 0) > 0;
  }

  disarm(): void {
    this.#faults.clear();
  }

  pool(campaign: string): DurableObjectStub<PrizePool> {
    return this.#real.pool(campaign);
  }

  issuer(campaign: string, shard: number): DurableObjectStub<CardIssuer> {
    return this.#real.issuer(issuerName({ campaign, shard }));
  }

  #faulty<Stub extends object>(stub: Stub): Stub {
    return new Proxy(stub, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as unknown;
        if (typeof method !== "function") return method;
        const call = (...args: unknown[]) => Reflect.apply(method, target, args) as Promise<unknown>;
        const fault = this.#faults.get(name as FaultyCall)?.shift();
        return fault === undefined ? call : (...args: unknown[]) => this.#callWrong(fault, () => call(...args));
      },
    });
  }

  async #callWrong(fault: Fault, call: () => Promise<unknown>): Promise<unknown> {
    switch (fault) {
      case "call lost":
        throw new Error("the call was lost");
      case "reply lost":
        await call();
        throw new Error("the reply was lost");
      case "doubled":
        await call();
        return call();
      case "slow": {
        const reply = await call();
        await this.sleep(SLOW_MS);
        return reply;
      }
    }
  }
}
