import type { Processor } from "./processor.ts";
import type { LatencySource } from "./random.ts";
import { KIND } from "./world.ts";
import type { World } from "./world.ts";

/** The one pool: grants what it is asked for, for its stock does not end here. */
export class SimulatedPool {
  readonly thread: Processor;
  readonly #world: World;
  readonly #latency: LatencySource;
  readonly #commit: LatencySource;
  leases = 0;

  constructor(world: World, latency: LatencySource, commit: LatencySource) {
    this.#world = world;
    this.#latency = latency;
    this.#commit = commit;
    this.thread = world.processor();
  }

  lease(issuer: number, cards: number): void {
    const { times, platform } = this.#world.settings;
    this.leases += 1;
    const committed = this.#commit.draw();
    const own = times.lease.perLease + cards * times.lease.perCard + (platform.commitBlocks ? committed : 0);
    const doneMs = this.#world.run(this.thread, Math.max(own, platform.objectRequestMs)) + (platform.commitBlocks ? 0 : committed);
    this.#world.plan(doneMs + this.#latency.draw() / 2, KIND.leased, issuer, cards);
  }
}
