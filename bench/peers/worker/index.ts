import issue from "../../issue/worker/index.ts";
import type { BenchEnv } from "../../issue/worker/env.ts";
import { naiveD1 } from "./naive-d1.ts";
import type { NaiveD1Env } from "./naive-d1.ts";
import { naiveObject } from "./naive-object.ts";
import type { NaiveObjectEnv } from "./naive-object.ts";
import { signedDraws } from "./signed-draws.ts";

export { CardIssuer, PrizePool, Probe, RewardGate, WebhookEndpoint } from "../../issue/worker/index.ts";
export { NaivePool } from "./naive-object.ts";

const designs = { "/naive-object": signedDraws(naiveObject), "/naive-d1": signedDraws(naiveD1) };

/** What `bench:issue` serves, and beside it the designs that come to mind first on this platform, each below a path of its own. */
export default {
  fetch(request, env, ctx) {
    const at = request.url.indexOf("/", "https://".length);
    for (const [prefix, design] of Object.entries(designs)) {
      if (!request.url.startsWith(prefix, at)) continue;
      return design.fetch(request, env, ctx);
    }
    return issue.fetch(request, env, ctx);
  },
} satisfies ExportedHandler<BenchEnv & NaiveObjectEnv & NaiveD1Env>;
