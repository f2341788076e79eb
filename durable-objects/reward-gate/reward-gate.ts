import { DurableObject } from "cloudflare:workers";
import type { GateReport, GateState, PermitReply, PermitRequest, RewardGateRpc } from "../protocol.ts";
import type { Breaker } from "./breaker.ts";
import { acquirePermits, reportCalls, showGate, wakeGate } from "./gate.ts";
import type { Gate } from "./gate.ts";
import { GateStorage } from "./storage.ts";

/** One per reward provider: meters the calls of all consumers, and stops them while the provider is down. */
export class RewardGate extends DurableObject<Env> implements RewardGateRpc {
  readonly #storage: GateStorage;
  #gate: Gate;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#storage = new GateStorage(ctx.storage);
    this.#gate = wakeGate(this.#storage.breaker(), Date.now());
  }

  /** Permits for up to `want` calls, to be made at once; each is reported on within `PERMIT_LIFE_MS`, whatever came of it. */
  async acquire({ want, limits }: PermitRequest): Promise<PermitReply> {
    const { gate, reply } = acquirePermits(this.#gate, { want, limits }, Date.now());
    this.#gate = gate;
    return reply;
  }

  /** How calls went that had a permit. */
  async report({ provider, succeeded, failed, retryAfterMs }: GateReport): Promise<void> {
    const before = this.#gate.breaker;
    this.#gate = reportCalls(this.#gate, { succeeded, failed, retryAfterMs }, Date.now());
    this.#keepBreaker(provider, before, this.#gate.breaker);
  }

  /** What the gate knows of its provider; nothing of calls before it last woke but what keeps it closed. */
  async state(): Promise<GateState> {
    return showGate(this.#gate, Date.now());
  }

  #keepBreaker(provider: string, before: Breaker, now: Breaker): void {
    if (before.state === now.state && (now.state !== "open" || before === now)) return;
    this.#storage.keepBreaker(now);
    console.warn(
      JSON.stringify({ message: "reward gate", provider, state: now.state, untilMs: now.state === "open" ? now.untilMs : undefined }),
    );
  }
}
