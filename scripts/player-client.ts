import { randomBytes } from "node:crypto";
import { callJson, patiently } from "./api-call.ts";

export interface RewardView {
  readonly status: "none" | "pending" | "granted" | "failed";
  readonly code?: string;
  readonly coupon?: string;
}

export interface Revealed {
  readonly state: string;
  readonly prize: { readonly id: string; readonly name: Readonly<Record<string, string>>; readonly kind: string };
  readonly reward?: RewardView;
}

export interface Redeemed {
  readonly state: string;
  readonly reward: RewardView;
}

/** A LINE user id as LINE makes them. */
export function newLineUserId(): string {
  return `U${randomBytes(16).toString("hex")}`;
}

/** What the page does, without the page: one LINE user in one campaign. A call that is told to wait waits and comes back, as the page does. */
export class PlayerClient {
  readonly #origin: string;
  readonly #campaign: string;
  readonly #session: string;

  private constructor(origin: string, campaign: string, session: string) {
    this.#origin = origin;
    this.#campaign = campaign;
    this.#session = session;
  }

  /** Signs in with an ID token of the sandbox's LINE. */
  static async signIn(
    origins: { readonly appOrigin: string; readonly sandboxOrigin: string },
    campaign: string,
    user: { readonly sub: string; readonly name: string; readonly channelId: string },
  ): Promise<PlayerClient> {
    const { idToken } = await callJson<{ idToken: string }>(`${origins.sandboxOrigin}/sandbox/id-token`, { method: "POST", body: user });
    const { session } = await patiently(() =>
      callJson<{ session: string }>(`${origins.appOrigin}/player/v1/session`, { method: "POST", body: { campaign, idToken } }),
    );
    return new PlayerClient(origins.appOrigin, campaign, session);
  }

  /** Scratches the card; `trail` is how the scratch went. */
  async reveal(cardId: string, trail?: readonly (readonly [msSinceOpen: number, percent: number])[]): Promise<Revealed> {
    return await this.#call("POST", `/cards/${cardId}/reveal`, trail === undefined ? {} : { trail });
  }

  async redeem(cardId: string): Promise<Redeemed> {
    return await this.#call("POST", `/cards/${cardId}/redeem`);
  }

  async reward(cardId: string): Promise<RewardView> {
    return await this.#call("GET", `/cards/${cardId}/reward`);
  }

  /** That the card stood in its deck before the first draw, as a document to be kept. */
  async proof(cardId: string): Promise<object> {
    return await this.#call("GET", `/cards/${cardId}/proof`);
  }

  async #call<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
    return await patiently(() =>
      callJson<T>(`${this.#origin}/player/v1/campaigns/${this.#campaign}${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#session}` },
        ...(body === undefined ? {} : { body }),
      }),
    );
  }
}
