import { ApiError, callJson, callStream, patiently } from "./api-call.ts";
import type { House } from "./house.ts";

/** The parts of the admin API's answers that are read here. */
export interface AdminCampaign {
  readonly status: "draft" | "open" | "paused" | "closed";
  readonly shards: number;
  readonly endsAt: string;
}

export interface UploadFault {
  readonly code: string;
  readonly at: string;
  readonly message: string;
  readonly line?: number;
}

export interface AdminUpload {
  readonly object: string;
  readonly etag: string;
  readonly status: "imported" | "refused";
  readonly cards?: number;
  readonly faults?: readonly UploadFault[];
}

/** A file that is being imported. */
export interface AdminImport {
  readonly object: string;
  readonly bytes: number;
  readonly bytesRead: number;
  readonly rows: number;
  readonly codes: number;
  readonly checked: number;
}

export interface AdminPartner {
  readonly id: string;
  readonly name: string;
  readonly campaigns: readonly string[];
  readonly keys: readonly { readonly keyId: string; readonly algorithm: string; readonly revokedAt?: string }[];
}

export type NewKey =
  | { readonly keyId: string; readonly algorithm: "ed25519"; readonly publicKey: string }
  | { readonly keyId: string; readonly algorithm: "hmac-sha256" };

export interface PrizeBalance {
  readonly prize: string;
  readonly kind: string;
  readonly loaded: number;
  readonly unleased: number;
  readonly held: number;
  /** From the stock, whatever became of them since; `voidedKept` and `expiredKept` are among them. */
  readonly issued: number;
  readonly voidedKept: number;
  readonly expiredKept: number;
  /** Issued once, and stock again. */
  readonly returned: number;
  readonly issuedAsFallback: number;
  readonly redeemed: number;
  readonly settledIssued: number;
  readonly settledRedeemed: number;
  readonly rewards: { readonly granted: number; readonly pending: number; readonly failed: number };
}

export interface AdminInvariants {
  readonly prizes: readonly PrizeBalance[];
  readonly unsettled: { readonly blocks: number; readonly events: number };
  /** Rewards that may have been granted, and are not asked for. */
  readonly heldRewards: number;
  /** The ledger is being rebuilt, and not whole. */
  readonly rebuild?: object;
  readonly differences: readonly string[];
}

interface AdminReward {
  readonly status: "pending" | "granted" | "failed";
  readonly attempts: number;
  readonly grantedAt?: string;
  readonly lastError?: string;
}

export interface CareCard {
  readonly cardId: string;
  readonly campaign: string;
  readonly state: string;
  readonly prize: string;
  readonly requestId?: string;
  readonly recipient?: string;
  readonly lineUserId?: string;
  readonly code?: string;
  readonly reward?: AdminReward;
  readonly timeline: readonly { readonly at: string; readonly what: string }[];
}

export interface Redriven {
  readonly redriven: readonly { readonly cardId: string; readonly prize: string; readonly attempts: number; readonly lastError?: string }[];
  /** Such rewards of the campaign that are left for another call. */
  readonly remaining: number;
}

const OPERATOR = { email: "demo-operator@example.com", groups: ["operator", "care"] };

export interface Reconciled {
  /** Where the next step begins; null after the last. */
  readonly next: object | null;
  readonly compared: number;
  readonly waiting: number;
  readonly differences: readonly { readonly cardId: string; readonly faults: readonly string[] }[];
  /** Of a step that looked at a reward provider. */
  readonly provider?: AdminProviderReport;
}

export type AdminProviderReport =
  | { readonly status: "compared"; readonly provider: string; readonly grants: number; readonly waiting: number; readonly told: number }
  /** `unlisted`: it has no list. `unasked`: it could not be asked for it, and the same cursor asks again. */
  | { readonly status: "unlisted" | "unasked"; readonly provider: string; readonly reason: string };

export type RebuildSource = "issuers" | "lake";

/** A rebuild that is under way. */
export interface Rebuilding {
  readonly done: false;
  readonly startedAt: number;
  readonly phase: string;
  readonly cards: number;
  readonly blocks: number;
  /** Who does not answer. */
  readonly waitsFor?: string;
}

export interface Rebuilt {
  readonly done: true;
  readonly cards: number;
  readonly blocks: number;
  /** Objects of the lake that were left out. */
  readonly damaged: number;
  /** Blocks that the lake does not have. */
  readonly missing: number;
  /** Rewards that may have been granted, and are not asked for. */
  readonly held: number;
  readonly faults: readonly string[];
  readonly hashBefore: string;
  readonly hashAfter: string;
  readonly rewards: { readonly granted: number; readonly pending: number; readonly failed: number };
}

/** What the sandbox's Cloudflare Access gives an operator. */
export async function accessToken({ sandboxOrigin }: Pick<House, "sandboxOrigin">): Promise<string> {
  return (await callJson<{ token: string }>(`${sandboxOrigin}/sandbox/access-token`, { method: "POST", body: OPERATOR })).token;
}

/** The admin API as an operator, let in by the sandbox's Cloudflare Access. */
export class AdminClient {
  readonly #base: string;
  readonly #token: string;

  private constructor(appOrigin: string, token: string) {
    this.#base = `${appOrigin}/admin/v1`;
    this.#token = token;
  }

  static async signIn(house: Pick<House, "appOrigin" | "sandboxOrigin">): Promise<AdminClient> {
    return new AdminClient(house.appOrigin, await accessToken(house));
  }

  /** With a token of Cloudflare Access, for example that of `cloudflared access token`. */
  static withToken(appOrigin: string, token: string): AdminClient {
    return new AdminClient(appOrigin, token);
  }

  /** Null when there is none of this id. */
  async campaign(campaign: string): Promise<AdminCampaign | null> {
    try {
      return await this.#call<AdminCampaign>("GET", `/campaigns/${encodeURIComponent(campaign)}`);
    } catch (error) {
      if (error instanceof ApiError && error.code === "campaign_not_found") return null;
      throw error;
    }
  }

  async changeStatus(campaign: string, verb: "open" | "pause" | "resume" | "close"): Promise<void> {
    await this.#call("POST", `/campaigns/${encodeURIComponent(campaign)}/${verb}`);
  }

  /** What became of the campaign's files, newest first. */
  async uploads(campaign: string): Promise<readonly AdminUpload[]> {
    const { uploads } = await this.#call<{ uploads: readonly AdminUpload[] }>("GET", `/campaigns/${encodeURIComponent(campaign)}/uploads`);
    return uploads;
  }

  /** How far the campaign's files are that are being imported. */
  async importing(campaign: string): Promise<readonly AdminImport[]> {
    const { importing } = await this.#call<{ importing: readonly AdminImport[] }>(
      "GET",
      `/campaigns/${encodeURIComponent(campaign)}/uploads`,
    );
    return importing;
  }

  async scanUploads(campaign: string): Promise<void> {
    await this.#call("POST", `/campaigns/${encodeURIComponent(campaign)}/uploads/scan`);
  }

  async partner(id: string): Promise<AdminPartner | null> {
    const { partners } = await this.#call<{ partners: readonly AdminPartner[] }>("GET", "/partners");
    return partners.find((partner) => partner.id === id) ?? null;
  }

  async putPartner(partner: Pick<AdminPartner, "id" | "name" | "campaigns">): Promise<void> {
    await this.#call("PUT", "/partners", partner);
  }

  /** Gives the secret of an HMAC key, which is shown this once. */
  async addKey(partner: string, key: NewKey): Promise<{ readonly secret?: string }> {
    return await this.#call("POST", `/partners/${encodeURIComponent(partner)}/keys`, key);
  }

  async invariants(campaign: string): Promise<AdminInvariants> {
    return await this.#call("GET", `/campaigns/${encodeURIComponent(campaign)}/invariants`);
  }

  /** Asks again for failed, or held, rewards of a campaign, as many as go in one call; with `dryRun`, says which those would be. */
  async redrive(campaign: string, { dryRun, held }: { readonly dryRun: boolean; readonly held: boolean }): Promise<Redriven> {
    return await this.#call("POST", "/rewards/redrive", { campaign, dryRun, held });
  }

  /** One step of holding the issuers, the ledger and the reward providers against each other; the first without a cursor. */
  async reconcile(campaign: string, cursor: object | null): Promise<Reconciled> {
    return await this.#call("POST", `/campaigns/${encodeURIComponent(campaign)}/reconcile`, cursor === null ? {} : { cursor });
  }

  /** Begins to rebuild a campaign's ledger, or gives the rebuild from the same source that is under way; `instead`: has one from the other source go on from this one. */
  async beginRebuild(campaign: string, from: RebuildSource, instead: boolean): Promise<Rebuilding> {
    return await this.#call("POST", `/campaigns/${encodeURIComponent(campaign)}/ledger/rebuild`, { from, ...(instead ? { instead } : {}) });
  }

  /** Goes on with a rebuild for some seconds; of one that is done, says so each time. */
  async goOnRebuilding(campaign: string, from: RebuildSource, { startedAt }: Rebuilding): Promise<Rebuilding | Rebuilt> {
    return await this.#call("POST", `/campaigns/${encodeURIComponent(campaign)}/ledger/rebuild`, { from, startedAt });
  }

  /** The ledger's cards of a card id, request id, recipient, LINE user id or code. */
  async care(q: string): Promise<readonly CareCard[]> {
    const { cards } = await this.#call<{ cards: readonly CareCard[] }>("GET", `/care?q=${encodeURIComponent(q)}`);
    return cards;
  }

  /** The ledger's cards as CSV. */
  async exportCards(campaign: string): Promise<ReadableStream<Uint8Array>> {
    return await callStream(`${this.#base}/export/cards.csv?campaign=${encodeURIComponent(campaign)}`, this.#headers());
  }

  /** Access looks at the one, and puts the other there itself; where there is no Access in between, as in development, the app looks at it. */
  #headers(): Record<string, string> {
    return { "cf-access-token": this.#token, "cf-access-jwt-assertion": this.#token };
  }

  async #call<T>(method: "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<T> {
    return await patiently(() =>
      callJson<T>(this.#base + path, {
        method,
        headers: this.#headers(),
        ...(body === undefined ? {} : { body }),
      }),
    );
  }
}
