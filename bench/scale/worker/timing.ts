import app, { CardIssuer as Issuer } from "../../../worker/index.ts";
import { readSentBlock, SentBlocks } from "./blocks.ts";
import { Counter, doTask } from "./do-task.ts";
import type { TimingEnv } from "./env.ts";
import type { Task } from "./tasks.ts";

export { PrizePool, RewardGate, WebhookEndpoint } from "../../../worker/index.ts";
export { Probe } from "../../issue/worker/probe-object.ts";

/** Of this process: the Worker and its objects are in one isolate here. */
const sent = new SentBlocks();
const arrivals = new Counter();
const flushes = new Counter();

/** The issuer as it is, but that its blocks go nowhere, and that it does its chores when told to. */
export class CardIssuer extends Issuer {
  constructor(ctx: DurableObjectState, env: Env) {
    const { storage } = ctx;
    const transactionSync = storage.transactionSync.bind(storage);
    Object.defineProperty(storage, "transactionSync", {
      value: (work: () => unknown) => {
        flushes.add(1);
        return transactionSync(work);
      },
    });
    super(ctx, {
      ...env,
      CARD_EVENTS: {
        ...env.CARD_EVENTS,
        sendBatch: async (messages) => {
          for (const { body } of messages) sent.add(readSentBlock(body as Uint8Array));
          return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
        },
      },
    });
  }

  /** Sends what is due. */
  async ring(): Promise<void> {
    await this.alarm();
  }

  async storedBytes(): Promise<number> {
    return this.ctx.storage.sql.databaseSize;
  }
}

/** The app, and beside it `POST /timed`, which does a `Task` and says how much it did. Nothing settles but when it is told to. */
export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== "/timed") return app.fetch(request, env, ctx);
    return Response.json(await doTask(env, { sent, arrivals, flushes }, await request.json<Task>()));
  },
  async queue(batch) {
    arrivals.add(batch.messages.length);
    batch.ackAll();
  },
} satisfies ExportedHandler<TimingEnv>;
