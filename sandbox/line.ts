import { randomUUID } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import type { Context, MiddlewareHandler } from "hono";
import { SignJWT } from "jose";
import { z } from "zod";
import { CallRate } from "./call-rate.ts";
import type { Faults } from "./faults.ts";
import type { TokenKey } from "./keys.ts";
import { parseJson, parseValue } from "./problem.ts";

const LINE_ISSUER = "https://access.line.me";
/** LIFF ID tokens last about an hour. */
const DEFAULT_EXPIRES_IN_SECONDS = 3_600;
/** A day either way; a negative one makes an expired token, for a test that wants it refused. */
const MAX_EXPIRES_IN_SECONDS = 86_400;
/** The stand-in forgets the oldest of what it delivered past this. */
const MAX_DELIVERIES = 100_000;

const userIdSchema = z.string().regex(/^U[0-9a-f]{32}$/, "a LINE user id: U and 32 hexadecimal digits");

const idTokenSchema = z.strictObject({
  sub: userIdSchema,
  name: z.string().min(1).max(100).optional(),
  picture: z.url().optional(),
  channelId: z.string().regex(/^\d{1,20}$/, "a channel id: digits"),
  expiresIn: z.int().min(-MAX_EXPIRES_IN_SECONDS).max(MAX_EXPIRES_IN_SECONDS).default(DEFAULT_EXPIRES_IN_SECONDS),
});

/** https://developers.line.biz/en/reference/messaging-api/#message-objects: the kinds that a prize may be told with, and what each needs. */
const messageSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text"), text: z.string().min(1).max(5_000) }),
  z.looseObject({ type: z.literal("sticker"), packageId: z.string().min(1), stickerId: z.string().min(1) }),
  z.looseObject({
    type: z.literal("image"),
    originalContentUrl: z.url({ protocol: /^https$/ }),
    previewImageUrl: z.url({ protocol: /^https$/ }),
  }),
  z.looseObject({ type: z.literal("flex"), altText: z.string().min(1).max(1_500), contents: z.looseObject({ type: z.string() }) }),
  z.looseObject({ type: z.literal("template"), altText: z.string().min(1).max(1_500), template: z.looseObject({ type: z.string() }) }),
  z.looseObject({ type: z.literal("coupon"), couponId: z.string().min(1), deliveryTag: z.string().max(30).optional() }),
]);

/** https://developers.line.biz/en/reference/messaging-api/#send-push-message */
const pushSchema = z.strictObject({
  to: z.string().regex(/^[UCR][0-9a-f]{32}$/),
  messages: z.array(messageSchema).min(1).max(5),
  notificationDisabled: z.boolean().optional(),
  customAggregationUnits: z.array(z.string().min(1).max(30)).max(1).optional(),
});

/** https://developers.line.biz/en/reference/partner-docs/#send-mission-stickers-v3 */
const missionSchema = z.strictObject({
  to: userIdSchema,
  productId: z.string().regex(/^\d+$/),
  productType: z.literal("STICKER"),
  sendPresentMessage: z.literal(false),
});

/** https://developers.line.biz/en/reference/messaging-api/#create-coupon */
const couponSchema = z
  .strictObject({
    title: z.string().min(1).max(60),
    description: z.string().max(1_000).optional(),
    imageUrl: z.url({ protocol: /^https$/ }).optional(),
    barcodeImageUrl: z.url({ protocol: /^https$/ }).optional(),
    couponCode: z.string().optional(),
    usageCondition: z.string().max(100).optional(),
    reward: z.looseObject({ type: z.enum(["discount", "free", "gift", "cashBack", "others"]) }),
    acquisitionCondition: z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("normal") }),
      z.strictObject({
        type: z.literal("lottery"),
        lotteryProbability: z.int().min(1).max(99),
        maxAcquireCount: z.union([z.literal(-1), z.int().min(1)]),
      }),
    ]),
    maxUseCountPerTicket: z.union([z.literal(1), z.literal(-1)]),
    startTimestamp: z.int().nonnegative(),
    endTimestamp: z.int().nonnegative(),
    timezone: z.string().regex(/^[A-Z]+(_[A-Z]+)*$/),
    visibility: z.enum(["PUBLIC", "UNLISTED"]),
  })
  .refine(({ startTimestamp, endTimestamp }) => endTimestamp > startTimestamp, { path: ["endTimestamp"] });

const retryKeySchema = z.guid();

const listQuerySchema = z.strictObject({ userId: userIdSchema.optional() });

interface Delivery<Body> {
  readonly requestId: string;
  readonly at: string;
  readonly body: Body;
}

interface Push extends Delivery<z.output<typeof pushSchema>> {
  readonly retryKey: string | null;
  readonly sentMessages: readonly { readonly id: string }[];
  /** How often this push was asked for; only a retry key makes it more than once. */
  asked: number;
}

/** A user's permission to download a sticker set: they have it or they have it not. */
interface Mission extends Delivery<z.output<typeof missionSchema>> {
  asked: number;
}

/** The calls that hand a prize over; LINE counts them apart. */
type Endpoint = "push" | "mission";

export interface LineOptions {
  readonly key: TokenKey;
  readonly channelAccessToken: string;
  readonly now: () => number;
}

/** LINE Login's keys and ID tokens, and the three calls that deliver a prize through LINE. Errors have LINE's form, for callers read it. */
export class LinePlatform {
  readonly #key: TokenKey;
  readonly #bearer: string;
  readonly #now: () => number;
  readonly #pushes: Push[] = [];
  readonly #pushByRetryKey = new Map<string, Push>();
  readonly #missions = new Map<string, Mission>();
  readonly #rates: Readonly<Record<Endpoint, CallRate>> = { push: new CallRate(), mission: new CallRate() };
  readonly #coupons: (Delivery<z.output<typeof couponSchema>> & { readonly couponId: string })[] = [];

  constructor({ key, channelAccessToken, now }: LineOptions) {
    this.#key = key;
    this.#bearer = `Bearer ${channelAccessToken}`;
    this.#now = now;
  }

  routes(faults: Faults): Hono<{ Bindings: HttpBindings }> {
    const routes = new Hono<{ Bindings: HttpBindings }>();
    const faulty = faults.around("line", () => lineError(500, "The API server is temporarily unavailable"));
    const counted =
      (endpoint: Endpoint): MiddlewareHandler<{ Bindings: HttpBindings }> =>
      async (_, next) => {
        this.#rates[endpoint].record(this.#now(), faults.current.line.mode !== "ok");
        await next();
      };

    routes.get("/oauth2/v2.1/certs", faulty, (c) => c.json({ keys: [this.#key.publicJwk] }));

    routes.post("/sandbox/id-token", async (c) => {
      const { sub, name, picture, channelId, expiresIn } = parseJson(await c.req.text(), idTokenSchema);
      const issuedAt = Math.floor(this.#now() / 1000);
      const expiresAt = issuedAt + expiresIn;
      const idToken = await new SignJWT({
        amr: ["linesso"],
        ...(name === undefined ? {} : { name }),
        ...(picture === undefined ? {} : { picture }),
      })
        .setProtectedHeader({ alg: this.#key.algorithm, kid: this.#key.kid, typ: "JWT" })
        .setIssuer(LINE_ISSUER)
        .setSubject(sub)
        .setAudience(channelId)
        // An expired token was issued before it expired.
        .setIssuedAt(Math.min(issuedAt, expiresAt - 1))
        .setExpirationTime(expiresAt)
        .sign(this.#key.privateKey);
      return c.json({ idToken });
    });

    routes.post("/v2/bot/message/push", counted("push"), faulty, async (c) => {
      const refusal = this.#refuseCaller(c);
      if (refusal !== null) return refusal;
      const retryKey = c.req.header("x-line-retry-key") ?? null;
      if (retryKey !== null && !retryKeySchema.safeParse(retryKey).success) {
        return lineError(400, "The value for the 'X-Line-Retry-Key' header is invalid");
      }
      const earlier = retryKey === null ? undefined : this.#pushByRetryKey.get(retryKey);
      if (earlier !== undefined) {
        earlier.asked += 1;
        return lineReply(
          409,
          { message: "The retry key is already accepted", sentMessages: earlier.sentMessages },
          {
            "x-line-accepted-request-id": earlier.requestId,
          },
        );
      }
      const body = await lineBody(c, pushSchema);
      if (body instanceof Response) return body;
      const requestId = randomUUID();
      const sentMessages = body.messages.map(() => ({ id: String(BigInt(`0x${randomUUID().slice(0, 8)}`)) }));
      const push: Push = { requestId, at: this.#at(), body, retryKey, sentMessages, asked: 1 };
      remember(this.#pushes, push);
      if (retryKey !== null) this.#pushByRetryKey.set(retryKey, push);
      return lineReply(200, { sentMessages }, { "x-line-request-id": requestId });
    });

    routes.post("/shop/v3/mission", counted("mission"), faulty, async (c) => {
      const refusal = this.#refuseCaller(c) ?? refuseRetryKey(c);
      if (refusal !== null) return refusal;
      const body = await lineBody(c, missionSchema);
      if (body instanceof Response) return body;
      const requestId = randomUUID();
      const held = `${body.to} ${body.productId}`;
      const mission = this.#missions.get(held) ?? { requestId, at: this.#at(), body, asked: 0 };
      mission.asked += 1;
      this.#missions.set(held, mission);
      for (const oldest of this.#missions.keys()) {
        if (this.#missions.size <= MAX_DELIVERIES) break;
        this.#missions.delete(oldest);
      }
      return lineReply(200, {}, { "x-line-request-id": requestId });
    });

    routes.post("/v2/bot/coupon", faulty, async (c) => {
      const refusal = this.#refuseCaller(c) ?? refuseRetryKey(c);
      if (refusal !== null) return refusal;
      const body = await lineBody(c, couponSchema);
      if (body instanceof Response) return body;
      const requestId = randomUUID();
      const couponId = randomUUID().replaceAll("-", "").slice(0, 26).toUpperCase();
      remember(this.#coupons, { requestId, at: this.#at(), body, couponId });
      return lineReply(200, { couponId }, { "x-line-request-id": requestId });
    });

    routes.get("/sandbox/line", (c) => {
      const { userId } = parseValue(c.req.query(), listQuerySchema, "the query");
      const own = <T extends { readonly body: { readonly to: string } }>(all: Iterable<T>) =>
        [...all].filter(({ body }) => userId === undefined || body.to === userId);
      return c.json({ pushes: own(this.#pushes), missions: own(this.#missions.values()), coupons: this.#coupons });
    });

    routes.get("/sandbox/line/rate", (c) => {
      const summaries = Object.entries(this.#rates).map(([endpoint, rate]) => [endpoint, rate.summary(0, Number.MAX_SAFE_INTEGER)]);
      return c.json({ endpoints: Object.fromEntries(summaries) as Record<string, unknown> });
    });

    return routes;
  }

  #refuseCaller(c: Context): Response | null {
    const authorization = c.req.header("authorization");
    if (authorization === this.#bearer) return null;
    const reason = authorization === undefined ? "missing Authorization header" : "invalid token";
    return lineError(
      401,
      `Authentication failed due to the following reason: ${reason}. Confirm that the access token in the authorization header is valid.`,
    );
  }

  #at(): string {
    return new Date(this.#now()).toISOString();
  }
}

/** "If you specify the retry key for an endpoint that doesn't support it, 400 is returned": the key is for the sending of messages. */
function refuseRetryKey(c: Context): Response | null {
  return c.req.header("x-line-retry-key") === undefined
    ? null
    : lineError(400, "The 'X-Line-Retry-Key' header is not supported by this endpoint");
}

function remember<T>(deliveries: T[], delivery: T): void {
  deliveries.push(delivery);
  if (deliveries.length > MAX_DELIVERIES) deliveries.shift();
}

async function lineBody<T extends z.ZodType>(c: Context, schema: T): Promise<z.output<T> | Response> {
  let value: unknown;
  try {
    value = JSON.parse(await c.req.text());
  } catch {
    return lineError(400, "The request body could not be parsed as JSON");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map(({ message, path }) => ({ message, property: linePath(path) }));
  return lineError(400, `The request body has ${details.length} error(s)`, details);
}

/** `messages[0].text`, as LINE writes the place of an error. */
function linePath(path: readonly PropertyKey[]): string {
  return path.map((step, i) => (typeof step === "number" ? `[${step}]` : `${i === 0 ? "" : "."}${String(step)}`)).join("");
}

function lineError(status: number, message: string, details?: readonly unknown[]): Response {
  return lineReply(status, details === undefined ? { message } : { message, details }, { "x-line-request-id": randomUUID() });
}

function lineReply(status: number, body: unknown, headers: Record<string, string>): Response {
  return Response.json(body, { status, headers });
}
