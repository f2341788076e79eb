import type { D1Migration } from "cloudflare:test";

declare global {
  namespace Cloudflare {
    interface Env {
      readonly TEST_MIGRATIONS: D1Migration[];
      /** JSON; what `npm run soak:model` asks of the model's test. */
      readonly MODEL_RUN: string;
    }
  }
}
