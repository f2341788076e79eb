import type { Probe } from "../../issue/worker/probe-object.ts";
import type { CardIssuer } from "./timing.ts";

/** The app's bindings and what `bench/scale/times/prepare.ts` adds to them; issuers as the bench has them. */
export interface TimingEnv extends Omit<Env, "CARD_ISSUER"> {
  readonly CARD_ISSUER: DurableObjectNamespace<CardIssuer>;
  readonly PROBE: DurableObjectNamespace<Probe>;
}
