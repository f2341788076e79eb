/**
 * What a reload must not lose: the session, the key of a draw under way, which cards were scratched, and the strokes on those that still are.
 * A browser that keeps nothing (private mode) still plays; it only scratches again.
 */
export interface Session {
  readonly token: string;
  /** LINE's id of the user whom the session is for. */
  readonly user: string;
  readonly expiresAtMs: number;
}

/** The foil of a card as an earlier visit left it: `touched` means that its prize was asked for. */
export type Foil = "whole" | "touched" | "off";

/** Cards whose foil is known to be off; more would fill the store for nothing. */
const MAX_SCRATCHED = 50;
/** Cards that are being scratched; hardly anybody leaves more than one unfinished. */
const MAX_TOUCHED = 4;
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
  foilOf(cardId: string): Foil;
  /** The foil of this card is off. */
  scratched(cardId: string): void;
  /** The strokes on the foil of a card that was touched, packed. */
  strokesOn(cardId: string): readonly number[];
  keepStrokes(cardId: string, strokes: readonly number[]): void;
}

/** `tab` lasts as long as the tab (the session, a draw), `device` outlives the app (what was scratched). */
export function memoryOf(campaign: string, tab: Store, device: Store): Memory {
  const sessionKey = `kuji.session.${campaign}`;
  const drawKey = `kuji.draw.${campaign}`;
  const scratchedKey = "kuji.scratched";
  const touchedKey = "kuji.touched";
  let held: Session | null = read(tab, sessionKey) as Session | null;
  const scratchedCards = () => listOf(read(device, scratchedKey)) as string[];
  const touchedCards = () => listOf(read(device, touchedKey)).filter(Array.isArray) as [cardId: string, strokes: unknown][];
  const others = (cardId: string) => touchedCards().filter(([id]) => id !== cardId);

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
    foilOf: (cardId) => {
      if (scratchedCards().includes(cardId)) return "off";
      return touchedCards().some(([id]) => id === cardId) ? "touched" : "whole";
    },
    scratched: (cardId) => {
      write(device, scratchedKey, [cardId, ...scratchedCards().filter((id) => id !== cardId)].slice(0, MAX_SCRATCHED));
      write(device, touchedKey, others(cardId));
    },
    strokesOn: (cardId) => listOf(touchedCards().find(([id]) => id === cardId)?.[1]) as number[],
    keepStrokes: (cardId, strokes) => write(device, touchedKey, [[cardId, strokes], ...others(cardId)].slice(0, MAX_TOUCHED)),
  };
}

/** A store that may be forbidden, full or missing: then it holds nothing. */
export function storeOf(get: () => Storage | null): Store {
  const attempt = <T>(use: (store: Storage | null) => T): T | null => {
    try {
      return use(get());
    } catch {
      return null;
    }
  };
  return {
    getItem: (key) => attempt((store) => store?.getItem(key)) ?? null,
    setItem: (key, value) => void attempt((store) => store?.setItem(key, value)),
    removeItem: (key) => void attempt((store) => store?.removeItem(key)),
  };
}

/** What an older page, or something else, has left there may be anything. */
function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function read(store: Store, key: string): unknown {
  try {
    return JSON.parse(store.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

function write(store: Store, key: string, value: unknown): void {
  store.setItem(key, JSON.stringify(value));
}
