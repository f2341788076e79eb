import { serveOrders } from "../generator-process.ts";
import { Connections } from "./connections.ts";
import type { LoadOrder, LoadReport } from "./order.ts";
import { readAnswer } from "./read-answer.ts";
import { fill, thinkingMs } from "./script.ts";
import type { Script, Step, Values, Visit } from "./script.ts";
import { Tally } from "./tally.ts";

/** The load generator, a process of its own: everybody comes at their time, whether or not those before them were answered. */
serveOrders(fire);

/** A request that has no answer after this has failed: the page gives up as soon (`web/liff/api.ts`). */
const TIMEOUT_MS = 12_000;
/** A visit that is told to come back does so this often. */
const MAX_TRIES = 10;
const SWEEP_EVERY_MS = 100;

async function fire({ port, scripts, visits, phases, connections: count }: LoadOrder): Promise<LoadReport> {
  const connections = new Connections(port, count);
  const presence = new Presence(connections, new Tally(phases));
  const sweeping = setInterval(() => connections.sweep(presence.nowMs()), SWEEP_EVERY_MS);
  const cpu = process.cpuUsage();
  await presence.arrive(visits, scripts);
  const { user, system } = process.cpuUsage(cpu);
  const busy = (user + system) / 1_000 / Math.max(1, presence.nowMs());
  await presence.isGone();
  clearInterval(sweeping);
  connections.close();
  const { tally } = presence;
  const figures = tally.figures(visits.length, phases.at(-1)?.untilMs ?? 0, Math.max(0, ...scripts.map(thinkingMs)));
  return { ...figures, busy, cards: tally.cards };
}

/** Those who have come and not left. Times are in ms since it was made. */
class Presence {
  readonly tally: Tally;
  readonly #connections: Connections;
  readonly #startedAtMs = performance.now();
  readonly #gone = Promise.withResolvers<void>();
  #there = 0;
  #all = false;

  constructor(connections: Connections, tally: Tally) {
    this.#connections = connections;
    this.tally = tally;
  }

  nowMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  /** Resolves when the last of them has come. */
  async arrive(visits: readonly Visit[], scripts: readonly Script[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let next = 0;
    const welcome = () => {
      let visit = visits[next];
      for (; visit !== undefined && visit.atMs <= this.nowMs(); visit = visits[next]) {
        next += 1;
        this.#there += 1;
        this.#begin({ visit, script: scripts[visit.script] ?? [], values: visit.values }, 0, visit.atMs);
      }
      if (visit === undefined) resolve();
      else setTimeout(welcome, Math.max(0, visit.atMs - this.nowMs()));
    };
    welcome();
    await promise;
    this.#all = true;
    this.#isOneLess(0);
  }

  /** Resolves when every visit has come to its end. */
  async isGone(): Promise<void> {
    await this.#gone.promise;
  }

  /** Begins the step of this number, which was due at `dueMs`. */
  #begin(visitor: Visitor, nth: number, dueMs: number): void {
    const step = visitor.script[nth];
    if (step === undefined) {
      this.tally.completed();
      this.#isOneLess(1);
      return;
    }
    this.tally.due(dueMs, this.nowMs() - dueMs);
    this.#ask(visitor, { step, nth, dueMs, tries: 1 });
  }

  #ask(visitor: Visitor, turn: Turn): void {
    const { step, dueMs, tries } = turn;
    const askedMs = this.nowMs();
    this.#connections.send(fill(step.request, visitor.values), askedMs + TIMEOUT_MS, (answer) => {
      const nowMs = this.nowMs();
      if (typeof answer === "string") return this.#fail(step, answer);
      const outcome = readAnswer(step, answer);
      if (outcome.status === "failed") return this.#fail(step, outcome.code);
      this.tally.issued(outcome.cards);
      if (outcome.status === "good") {
        this.tally.answered(step.name, { arrivedMs: visitor.visit.atMs, dueMs, nowMs });
        return this.#goOn({ ...visitor, values: { ...visitor.values, ...outcome.values } }, turn.nth + 1, nowMs);
      }
      this.tally.shed(dueMs, nowMs - (tries === 1 ? dueMs : askedMs), outcome.whole);
      if (tries === MAX_TRIES) return this.#fail(step, `still shed after ${MAX_TRIES} tries`);
      setTimeout(() => this.#ask(visitor, { ...turn, tries: tries + 1 }), outcome.retryAfterMs);
    });
  }

  /** The next step, after the user has thought. */
  #goOn(visitor: Visitor, nth: number, nowMs: number): void {
    const thinkMs = visitor.script[nth]?.thinkMs ?? 0;
    if (thinkMs === 0) this.#begin(visitor, nth, nowMs);
    else setTimeout(() => this.#begin(visitor, nth, nowMs + thinkMs), thinkMs);
  }

  #fail(step: Step, code: string): void {
    this.tally.failed(step.name, code);
    this.#isOneLess(1);
  }

  #isOneLess(gone: number): void {
    this.#there -= gone;
    if (this.#all && this.#there === 0) this.#gone.resolve();
  }
}

interface Visitor {
  readonly visit: Visit;
  readonly script: Script;
  readonly values: Values;
}

interface Turn {
  readonly step: Step;
  readonly nth: number;
  readonly dueMs: number;
  readonly tries: number;
}
