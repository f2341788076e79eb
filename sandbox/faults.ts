import { setTimeout as sleep } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import type { MiddlewareHandler } from "hono";
import { z } from "zod";
import { parseJson } from "./problem.ts";

const FAULT_TARGETS = ["rewards", "line", "access", "partner"] as const;
export type FaultTarget = (typeof FAULT_TARGETS)[number];

/** A caller that waits longer than this for an answer has no time-out of its own, and no more is learnt. */
const MAX_FAULT_MS = 60_000;
const DEFAULT_SLOW_MS = 1_000;
const DEFAULT_RETRY_AFTER_SECONDS = 5;
const MAX_RETRY_AFTER_SECONDS = 3_600;
const DEFAULT_FLAKY_RATE = 0.5;
/** Of the flaky errors, the part that is answered after the work was done: what makes idempotency necessary. */
const FLAKY_AFTER_SHARE = 0.5;

const target = z.enum(FAULT_TARGETS);
const waitMs = z.int().min(0).max(MAX_FAULT_MS);

const commandSchema = z.discriminatedUnion("mode", [
  z.strictObject({ target, mode: z.literal("ok") }),
  z.strictObject({ target, mode: z.literal("down") }),
  z.strictObject({ target, mode: z.literal("error") }),
  z.strictObject({ target, mode: z.literal("refuse") }),
  z.strictObject({ target, mode: z.literal("slow"), ms: waitMs.default(DEFAULT_SLOW_MS) }),
  z.strictObject({ target, mode: z.literal("timeout"), ms: waitMs.default(MAX_FAULT_MS) }),
  z.strictObject({
    target,
    mode: z.literal("limited"),
    retryAfterSeconds: z.int().min(0).max(MAX_RETRY_AFTER_SECONDS).default(DEFAULT_RETRY_AFTER_SECONDS),
  }),
  z.strictObject({ target, mode: z.literal("flaky"), rate: z.number().min(0).max(1).default(DEFAULT_FLAKY_RATE) }),
]);

/**
 * How a stand-in misbehaves: `down` cuts the connection, `timeout` never answers, `refuse` answers 422, `limited` 429 with `Retry-After`, `flaky` fails at `rate`, half of
 * that after the work.
 */
export type Fault =
  | { readonly mode: "ok" | "down" | "error" | "refuse" }
  | { readonly mode: "slow" | "timeout"; readonly ms: number }
  | { readonly mode: "limited"; readonly retryAfterSeconds: number }
  | { readonly mode: "flaky"; readonly rate: number };

type FaultAction =
  | { readonly do: "pass" }
  | { readonly do: "cut" }
  | { readonly do: "hang"; readonly ms: number }
  | { readonly do: "delay"; readonly ms: number }
  | { readonly do: "refuse" }
  | { readonly do: "limit"; readonly retryAfterSeconds: number }
  | { readonly do: "fail" }
  | { readonly do: "failAfterwards" };

const STEADY = { ok: { do: "pass" }, down: { do: "cut" }, error: { do: "fail" }, refuse: { do: "refuse" } } as const satisfies Record<
  string,
  FaultAction
>;

/** What happens to one call under `fault`; `random` gives numbers from 0 up to 1. */
export function decideFault(fault: Fault, random: () => number): FaultAction {
  if (fault.mode === "slow") return { do: "delay", ms: fault.ms };
  if (fault.mode === "timeout") return { do: "hang", ms: fault.ms };
  if (fault.mode === "limited") return { do: "limit", retryAfterSeconds: fault.retryAfterSeconds };
  if (fault.mode !== "flaky") return STEADY[fault.mode];
  if (random() >= fault.rate) return STEADY.ok;
  return random() < FLAKY_AFTER_SHARE ? { do: "failAfterwards" } : { do: "fail" };
}

/** The faults in force, one per target. */
export class Faults {
  readonly #current: Record<FaultTarget, Fault> = {
    rewards: { mode: "ok" },
    line: { mode: "ok" },
    access: { mode: "ok" },
    partner: { mode: "ok" },
  };
  readonly #random: () => number;
  readonly #closing = new AbortController();

  constructor(random: () => number) {
    this.#random = random;
  }

  get current(): Readonly<Record<FaultTarget, Fault>> {
    return this.#current;
  }

  set(named: FaultTarget, fault: Fault): void {
    this.#current[named] = fault;
  }

  /** Lets go of every call that hangs, so that the server can close. */
  close(): void {
    this.#closing.abort();
  }

  /** Middleware that makes the routes behind it misbehave as `named` is told to; `refuse` makes the answer of an error. */
  around(named: FaultTarget, refuse: () => Response): MiddlewareHandler<{ Bindings: HttpBindings }> {
    return async (c, next) => {
      const action = decideFault(this.#current[named], this.#random);
      const { socket } = c.env.incoming;
      switch (action.do) {
        case "pass":
          return await next();
        case "refuse":
          return Response.json({ message: "Refused on demand" }, { status: 422 });
        case "limit":
          return Response.json(
            { message: "Too many requests" },
            { status: 429, headers: { "retry-after": String(action.retryAfterSeconds) } },
          );
        case "fail":
          return refuse();
        case "failAfterwards":
          await next();
          c.res = undefined;
          c.res = refuse();
          return undefined;
        case "delay":
          await this.#wait(action.ms);
          return await next();
        case "hang":
          await this.#wait(action.ms);
          socket.destroy();
          return RESPONSE_ALREADY_SENT;
        case "cut":
          socket.destroy();
          return RESPONSE_ALREADY_SENT;
      }
    };
  }

  async #wait(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.#closing.signal });
    } catch {
      // The sandbox is closing: the caller's connection ends with it.
    }
  }
}

/** `GET` and `POST /sandbox/faults`. */
export function faultRoutes(faults: Faults): Hono {
  const routes = new Hono();
  routes.get("/sandbox/faults", (c) => c.json(faults.current));
  routes.post("/sandbox/faults", async (c) => {
    const { target: named, ...fault } = parseJson(await c.req.text(), commandSchema);
    faults.set(named, fault);
    return c.json(faults.current);
  });
  return routes;
}
