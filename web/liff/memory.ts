/**
 * What a reload must not lose: the session, the key of a draw under way, and which cards were scratched.
 * A browser that keeps nothing (private mode) still plays; it only scratches again.
 */
export interface Session {
  readonly token: string;
  /** LINE's id of the user whom the session is for. */
  readonly user: string;
  readonly expiresAtMs: number;
}

/** Cards whose foil is known to be off; more would fill the store for nothing. */
const MAX_SCRATCHED = 50;
/** A session this close to its end is not begun with. */
const SESSION_MARGIN_MS = 60_000;

/** The smallest part of `Storage` that is needed. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export interface Memory {
  session(user: string | null, nowMs: number): Session | null;
  keepSession(session: Session): void;
  dropSession(): void;
  /** The key of the draw under way: the same until `drawn`, so that a reload does not draw twice. */
  drawKey(make: () => string): string;
  drawn(): void;
  wasScratched(cardId: string): boolean;
  scratched(cardId: string): void;
}

/** `tab` lasts as long as the tab (the session, a draw), `device` outlives the app (which cards were scratched). */
export function memoryOf(campaign: string, tab: Store, device: Store): Memory {
  const sessionKey = `kuji.session.${campaign}`;
  const drawKey = `kuji.draw.${campaign}`;
  const scratchedKey = "kuji.scratched";
  let held: Session | null = read(tab, sessionKey) as Session | null;
  const scratchedCards = () => (read(device, scratchedKey) as string[] | null) ?? [];

  return {
    session: (user, nowMs) => (held !== null && held.user === user && held.expiresAtMs - SESSION_MARGIN_MS > nowMs ? held : null),
    keepSession: (session) => {
      held = session;
      write(tab, sessionKey, session);
    },
    dropSession: () => {
      held = null;
      tab.removeItem(sessionKey);
    },
    drawKey: (make) => {
      const key = (read(tab, drawKey) as string | null) ?? make();
      write(tab, drawKey, key);
      return key;
    },
    drawn: () => tab.removeItem(drawKey),
    wasScratched: (cardId) => scratchedCards().includes(cardId),
    scratched: (cardId) => write(device, scratchedKey, [cardId, ...scratchedCards().filter((id) => id !== cardId)].slice(0, MAX_SCRATCHED)),
  };
}

/** A store that may be forbidden: then it holds nothing. */
export function storeOf(get: () => Storage): Store {
  const nothing: Store = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined };
  try {
    return get();
  } catch {
    return nothing;
  }
}

function read(store: Store, key: string): unknown {
  try {
    return JSON.parse(store.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

function write(store: Store, key: string, value: unknown): void {
  try {
    store.setItem(key, JSON.stringify(value));
  } catch {
    // The store is full or forbidden: the page then asks again after a reload.
  }
}
