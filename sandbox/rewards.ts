import { randomUUID } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { z } from "zod";
import { CallRate } from "./call-rate.ts";
import type { Faults } from "./faults.ts";
import { GrantBook } from "./grants.ts";
import type { Grant } from "./grants.ts";
import { Journal } from "./journal.ts";
import { SandboxProblem, parseJson, parseValue, problemResponse } from "./problem.ts";

const providerSchema = z.string().regex(/^[a-z0-9-]{1,40}$/, "1 to 40 lower-case letters, digits and hyphens");
const idSchema = z.string().min(1).max(200);

/** What Kuji asks of a reward system. Further members of `data` are its own business. */
const rewardSchema = z.strictObject({
  type: z.literal("reward.grant"),
  timestamp: z.iso.datetime({ offset: true }),
  data: z.looseObject({
    cardId: idSchema,
    campaign: idSchema,
    prize: idSchema,
    params: z.record(z.string(), z.unknown()),
    lineUserId: idSchema,
    recipient: idSchema.optional(),
  }),
});

const DEFAULT_PAGE = 1_000;
const MAX_PAGE = 10_000;

const listQuerySchema = z.strictObject({
  cardId: idSchema.optional(),
  campaign: idSchema.optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  offset: z.coerce.number().int().min(0).default(0),
});

/** What Kuji asks when it holds its ledger against what was granted. */
const MAX_GRANTS = 1_000;
const grantsQuerySchema = z.strictObject({
  campaign: idSchema,
  after: z.string().max(200).default(""),
  limit: z.coerce.number().int().min(1).max(MAX_GRANTS).default(MAX_GRANTS),
});

const rateQuerySchema = z.strictObject({
  provider: providerSchema.optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
});

export interface RewardSystemOptions {
  /** Standard Webhooks secret, `whsec_…`. */
  readonly webhookSecret: string;
  /** Where grants outlive the process; null: they do not. */
  readonly journalPath: string | null;
  readonly now: () => number;
}

/** A system that gives rewards out: once per webhook-id, whatever happens to its answers. */
export class RewardSystem {
  readonly #book = new GrantBook();
  readonly #rates = new Map<string, CallRate>();
  readonly #webhook: Webhook;
  readonly #journal: Journal<Grant> | null;
  readonly #now: () => number;

  constructor({ webhookSecret, journalPath, now }: RewardSystemOptions) {
    this.#webhook = new Webhook(webhookSecret);
    this.#journal = journalPath === null ? null : new Journal<Grant>(journalPath, (grant) => this.#book.restore(grant));
    this.#now = now;
  }

  close(): void {
    this.#journal?.close();
  }

  /** `POST /rewards/{provider}`, `GET /rewards/{provider}/grants`, `GET /sandbox/rewards` and `GET /sandbox/rewards/rate`. */
  routes(faults: Faults): Hono<{ Bindings: HttpBindings }> {
    const routes = new Hono<{ Bindings: HttpBindings }>();

    routes.post(
      "/rewards/:provider",
      async (c, next) => {
        const provider = parseValue(c.req.param("provider"), providerSchema, "the provider's name");
        this.#rate(provider).record(this.#now(), faults.current.rewards.mode !== "ok");
        const webhookId = c.req.header("webhook-id");
        if (idSchema.safeParse(webhookId).success) this.#book.ask(provider, webhookId ?? "");
        await next();
      },
      faults.around("rewards", () => problemResponse(new SandboxProblem("fault_injected"))),
      async (c) => {
        const text = await c.req.text();
        this.#verify(text, c.req.header());
        const { data } = parseJson(text, rewardSchema);
        const provider = c.req.param("provider");
        const reply = this.#book.grant({
          provider,
          webhookId: parseValue(c.req.header("webhook-id"), idSchema, "the header webhook-id"),
          cardId: data.cardId,
          campaign: data.campaign,
          prize: data.prize,
          lineUserId: data.lineUserId,
          recipient: data.recipient ?? null,
          params: data.params,
          receipt: `${provider}-${randomUUID()}`,
          grantedAt: new Date(this.#now()).toISOString(),
        });
        if (reply.status === "full") throw new SandboxProblem("sandbox_full");
        if (reply.status === "conflict") {
          throw new SandboxProblem("idempotency_conflict", "this webhook-id was granted for another card, prize or person");
        }
        if (reply.status === "granted") this.#journal?.append(reply.grant);
        return c.json({ granted: true, receipt: reply.grant.receipt });
      },
    );

    routes.get(
      "/rewards/:provider/grants",
      async (c, next) => {
        const provider = parseValue(c.req.param("provider"), providerSchema, "the provider's name");
        this.#rate(provider).record(this.#now(), faults.current.rewards.mode !== "ok");
        await next();
      },
      faults.around("rewards", () => problemResponse(new SandboxProblem("fault_injected"))),
      (c) => {
        this.#verify("", c.req.header());
        const { campaign, after, limit } = parseValue(c.req.query(), grantsQuerySchema, "the query");
        const grants = this.#book.grantsAfter(c.req.param("provider"), campaign, after, limit);
        return c.json({ grants: grants.map(({ webhookId, grantedAt }) => ({ id: webhookId, grantedAt })) });
      },
    );

    routes.get("/sandbox/rewards", (c) => {
      const { cardId, campaign, limit, offset } = parseValue(c.req.query(), listQuerySchema, "the query");
      if (cardId !== undefined) return c.json({ rewards: this.#book.ofCard(cardId) });
      const { rows, next } = this.#book.list(campaign ?? null, offset, limit);
      return c.json({ rewards: rows, next, totals: this.#book.totals(campaign ?? null) });
    });

    routes.get("/sandbox/rewards/rate", (c) => {
      const { provider, since, until } = parseValue(c.req.query(), rateQuerySchema, "the query");
      const sinceMs = since === undefined ? 0 : Date.parse(since);
      const untilMs = until === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(until);
      const wanted = provider === undefined ? [...this.#rates.keys()] : [provider];
      return c.json({ providers: Object.fromEntries(wanted.map((name) => [name, this.#rate(name).summary(sinceMs, untilMs)])) });
    });

    return routes;
  }

  #verify(text: string, headers: Record<string, string>): void {
    try {
      this.#webhook.verify(text, headers, { jsonParse: false });
    } catch (error) {
      if (error instanceof WebhookVerificationError) throw new SandboxProblem("signature_invalid", error.message);
      throw error;
    }
  }

  #rate(provider: string): CallRate {
    const known = this.#rates.get(provider);
    if (known !== undefined) return known;
    const rate = new CallRate();
    this.#rates.set(provider, rate);
    return rate;
  }
}
