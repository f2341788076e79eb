import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { z } from "zod";
import type { Faults } from "./faults.ts";
import { SandboxProblem, parseJson, parseValue, problemResponse } from "./problem.ts";

const nameSchema = z.string().regex(/^[a-z0-9-]{1,40}$/, "1 to 40 lower-case letters, digits and hyphens");
const idSchema = z.string().min(1).max(200);

/** What a partner's system knows of the webhooks it is sent, and how it answers them. */
const settingsSchema = z.strictObject({
  /** `whsec_…`, as the admin API showed it. */
  secret: z.string().startsWith("whsec_").optional(),
  /** The status of its answers; 2xx is a receipt. */
  status: z.int().min(200).max(599).optional(),
  retryAfterSeconds: z.int().min(0).max(86_400).nullable().optional(),
});

const eventSchema = z.strictObject({
  type: z.string().min(1).max(100),
  timestamp: z.iso.datetime({ offset: true }),
  data: z.looseObject({ cardId: idSchema.optional(), order: z.int().positive().optional() }),
});

const listQuerySchema = z.strictObject({ cardId: idSchema.optional() });

/** More than any run here sends. */
const MAX_EVENTS = 1_000_000;

interface PartnerEvent {
  readonly id: string;
  readonly type: string;
  readonly data: z.output<typeof eventSchema>["data"];
  /** How often it was sent and verified. */
  sent: number;
  /** Whether it was answered with 2xx. */
  taken: boolean;
}

interface Partner {
  webhook: Webhook | null;
  status: number;
  retryAfterSeconds: number | null;
  calls: number;
  unverified: number;
  /** Events that came after one of the same card with a higher order number. */
  overtaken: number;
  readonly events: Map<string, PartnerEvent>;
  readonly highest: Map<string, number>;
}

/** Systems of partners, by name: each verifies what it is sent as the README tells partners to, counts, and answers as it is told to. */
export class PartnerSystems {
  readonly #partners = new Map<string, Partner>();

  /** `POST /partner/{name}`, `POST` and `GET /sandbox/partners/{name}`. */
  routes(faults: Faults): Hono<{ Bindings: HttpBindings }> {
    const routes = new Hono<{ Bindings: HttpBindings }>();

    routes.post(
      "/partner/:name",
      async (c, next) => {
        this.#partner(c.req.param("name")).calls += 1;
        await next();
      },
      faults.around("partner", () => problemResponse(new SandboxProblem("fault_injected"))),
      async (c) => {
        const partner = this.#partner(c.req.param("name"));
        const text = await c.req.text();
        this.#verify(partner, text, c.req.header());
        const { type, data } = parseJson(text, eventSchema);
        const id = parseValue(c.req.header("webhook-id"), idSchema, "the header webhook-id");
        const taken = partner.status < 300;
        this.#note(partner, { id, type, data, sent: 1, taken });
        const { status, retryAfterSeconds } = partner;
        return new Response(null, { status, headers: retryAfterSeconds === null ? {} : { "retry-after": String(retryAfterSeconds) } });
      },
    );

    routes.post("/sandbox/partners/:name", async (c) => {
      const partner = this.#partner(c.req.param("name"));
      const { secret, status, retryAfterSeconds } = parseJson(await c.req.text(), settingsSchema);
      if (secret !== undefined) partner.webhook = new Webhook(secret);
      if (status !== undefined) partner.status = status;
      if (retryAfterSeconds !== undefined) partner.retryAfterSeconds = retryAfterSeconds;
      return c.json(summaryOf(partner));
    });

    routes.get("/sandbox/partners/:name", (c) => {
      const { cardId } = parseValue(c.req.query(), listQuerySchema, "the query");
      const partner = this.#partner(c.req.param("name"));
      if (cardId === undefined) return c.json(summaryOf(partner));
      return c.json({ events: [...partner.events.values()].filter(({ data }) => data.cardId === cardId) });
    });

    return routes;
  }

  #partner(text: string): Partner {
    const name = parseValue(text, nameSchema, "the partner's name");
    const known = this.#partners.get(name);
    if (known !== undefined) return known;
    const counted = { calls: 0, unverified: 0, overtaken: 0, events: new Map(), highest: new Map() };
    const partner: Partner = { webhook: null, status: 204, retryAfterSeconds: null, ...counted };
    this.#partners.set(name, partner);
    return partner;
  }

  #verify(partner: Partner, text: string, headers: Record<string, string>): void {
    try {
      if (partner.webhook === null) throw new SandboxProblem("signature_invalid", "this partner has not been given a secret");
      partner.webhook.verify(text, headers, { jsonParse: false });
    } catch (error) {
      partner.unverified += 1;
      throw error instanceof WebhookVerificationError ? new SandboxProblem("signature_invalid", error.message) : error;
    }
  }

  #note(partner: Partner, event: PartnerEvent): void {
    const { events, highest } = partner;
    const known = events.get(event.id);
    if (known !== undefined) {
      known.sent += 1;
      known.taken ||= event.taken;
      return;
    }
    if (events.size >= MAX_EVENTS) throw new SandboxProblem("sandbox_full");
    events.set(event.id, event);
    const { cardId, order } = event.data;
    if (cardId === undefined || order === undefined) return;
    const before = highest.get(cardId) ?? 0;
    if (order < before) partner.overtaken += 1;
    highest.set(cardId, Math.max(before, order));
  }
}

function summaryOf({ calls, unverified, overtaken, events }: Partner) {
  const all = [...events.values()];
  const types = Map.groupBy(all, ({ type }) => type);
  return {
    calls,
    unverified,
    overtaken,
    events: all.length,
    taken: all.filter(({ taken }) => taken).length,
    sentAgain: all.filter(({ sent }) => sent > 1).length,
    byType: Object.fromEntries([...types].map(([type, some]) => [type, some.length])),
  };
}
