import type { Probe } from "./probe-object.ts";

/** The app's bindings, and what `bench/issue/prepare.ts` adds to them. */
export interface BenchEnv extends Env {
  readonly PROBE: DurableObjectNamespace<Probe>;
}
