import { SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { campaignFileSchema } from "./campaign/schema.ts";
import type { CampaignFile } from "./campaign/schema.ts";
import { publishCampaign, recordStatus } from "./campaign/publish.ts";
import { prizePool } from "./objects.ts";
import { settings } from "./settings.ts";
import { tokenIssuer } from "./tokens.fixture.ts";
import type { TokenIssuer } from "./tokens.fixture.ts";

/** The edge in the real runtime, with campaigns of its own and stand-ins for LINE and Cloudflare Access. */

export const ORIGIN = "http://kuji.test";
const CHANNEL = "2000000000";
let campaigns = 0;

/** A published campaign; each has its own id, for storage is shared within a test file. */
export async function publishedCampaign(over: Partial<Record<keyof CampaignFile, unknown>> = {}): Promise<string> {
  campaigns += 1;
  const id = `edge-${campaigns}`;
  const file = campaignFileSchema.parse({
    id,
    title: { en: "Spring" },
    timezone: "Asia/Taipei",
    startsAt: new Date(Date.now() - 60_000).toISOString(),
    endsAt: new Date(Date.now() + 3_600_000).toISOString(),
    line: { channelId: CHANNEL, liffId: `${CHANNEL}-abcdefgh` },
    expectedPeakPerSecond: 1_000,
    prizes: [
      { id: "coupon", kind: "coupon", name: { en: "Coupon" } },
      { id: "points", kind: "webhook", name: { en: "Points" }, params: { provider: "points" } },
      { id: "thanks", kind: "none", name: { en: "Thank you" } },
    ],
    ...over,
  });
  await publishCampaign(env, file, `etag-${id}`, Date.now());
  return id;
}

export async function loadStock(campaign: string, stock: Readonly<Record<string, number>>): Promise<void> {
  const upload = { campaign, segment: "first.csv", etag: "first" };
  await prizePool(env, campaign).beginImport(upload);
  const entries = Object.entries(stock).map(([prize, quantity]) => ({ prize, quantity }));
  await prizePool(env, campaign).commitImport({ ...upload, entries, codes: 0, opensAtMs: null, closesAtMs: null });
}

export async function openedCampaign(
  stock: Readonly<Record<string, number>>,
  over: Partial<Record<keyof CampaignFile, unknown>> = {},
): Promise<string> {
  const campaign = await publishedCampaign(over);
  await loadStock(campaign, stock);
  const reply = await prizePool(env, campaign).changeStatus(campaign, "open");
  if (reply.status !== "done") throw new Error(`opening was ${reply.status}`);
  await recordStatus(env, reply.rules);
  return campaign;
}

export interface Platforms {
  readonly line: TokenIssuer;
  readonly access: TokenIssuer;
}

/** Answers the addresses of LINE's and Access's keys; nothing else can be reached. */
export async function standInPlatforms(): Promise<Platforms> {
  const [line, access] = await Promise.all([tokenIssuer("ES256"), tokenIssuer("RS256")]);
  const { LINE_CERTS_URL, ACCESS_CERTS_URL } = settings(env);
  const keys = new Map([
    [LINE_CERTS_URL, line.jwks],
    [ACCESS_CERTS_URL, access.jwks],
  ]);
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const jwks = keys.get(input instanceof Request ? input.url : String(input));
    if (jwks === undefined) throw new Error("a test may not reach out");
    return Response.json(jwks);
  });
  return { line, access };
}

/** A LINE ID token as LIFF gives it. */
export function idToken({ line }: Platforms, sub: string, over: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return line.sign({ iss: settings(env).LINE_ISSUER, aud: CHANNEL, sub, name: "Mei", exp: nowSeconds + 3_600, ...over });
}

export async function accessToken({ access }: Platforms, email: string, ...groups: readonly string[]): Promise<string> {
  const { ACCESS_ISSUER, ACCESS_AUDIENCE } = settings(env);
  return access.sign({
    iss: ACCESS_ISSUER,
    aud: [ACCESS_AUDIENCE],
    email,
    groups: [...groups],
    exp: Math.floor(Date.now() / 1000) + 3_600,
  });
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a string as it is. */
  readonly body?: unknown;
}

export async function call(path: string, { method = "GET", headers = {}, body }: Call = {}): Promise<Response> {
  if (body === undefined) return SELF.fetch(`${ORIGIN}${path}`, { method, headers });
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return SELF.fetch(`${ORIGIN}${path}`, { method, headers: { "content-type": "application/json", ...headers }, body: text });
}

/** The JSON of an answer that must be of this status. */
export async function answerOf<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  if (response.status !== status) throw new Error(`answered ${response.status} instead of ${status}: ${text}`);
  return JSON.parse(text) as T;
}

/** The code of a problem document. */
export async function problemOf(response: Response): Promise<string> {
  expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  const { status, code } = await response.json<{ status: number; code: string }>();
  expect(status).toBe(response.status);
  return code;
}
