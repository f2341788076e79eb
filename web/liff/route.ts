export interface Route {
  readonly campaign: string;
  /** Null: no card yet, the page may draw one. */
  readonly cardId: string | null;
}

const CARD_PATH = /^\/c\/([a-z0-9][a-z0-9-]{1,62})(?:\/([A-Za-z0-9_-]{1,64}))?\/?$/;

/** Reads `/c/{campaign}` and `/c/{campaign}/{cardId}`; null for any other path. */
export function readRoute(path: string): Route | null {
  const [, campaign, cardId = null] = CARD_PATH.exec(path) ?? [];
  return campaign === undefined ? null : { campaign, cardId };
}

export function cardPath(campaign: string, cardId: string): string {
  return `/c/${campaign}/${cardId}`;
}
