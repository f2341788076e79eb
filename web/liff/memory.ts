/**
 * What a reload must not lose: the session, the key of a draw that was not answered, which cards were scratched, and the strokes on those that still are.
 * A browser that keeps nothing (private mode) still plays; it only scratches again.
 */
export interface Session {
  readonly token: string;
  /** LINE's id of the user whom the session is for; null where the token tells none. */
  readonly user: string | null;
  readonly expiresAtMs: number;
}

/** The foil of a card as an earlier visit left it: `touched` means that its prize was asked for. */
export type Foil = "whole" | "touched" | "off";

/** Cards whose foil is known to be off; more would fill the store for nothing. */
const MAX_SCRATCHED = 50;
/** Cards that are being scratched; hardly anybody leaves more than one unfinished. */
const MAX_TOUCHED = 4;
/** Of a stroke, which are in thousandths of the panel's width: a finger may leave it, but not by so much. */
const MAX_UNITS = 100_000;
/** Fewer than the server takes: what it refuses would be sent again and again. */
const DRAW_KEY = /^[\w-]{1,64}$/;
/** What may stand in a header; any other would fail before it was sent. */
const TOKEN = /^[\w.~+/=-]+$/;
/** A session this close to its end is not begun with. */
const SESSION_MARGIN_MS = 60_000;

/** A card that was touched, and the strokes on it, packed. */
type Touched = readonly [cardId: string, strokes: readonly number[]];

/** The smallest part of `Storage` that is needed. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export interface Memory {
  session(user: string | null, nowMs: number): Session | null;
  keepSession(session: Session): void;
  dropSession(): void;
  /** The key of this user's draw: the same until it was answered (`drawn`), so that neither a reload nor an app that was killed draws twice. */
  drawKey(user: string | null, make: () => string): string;
  /** Another tab may have begun another draw meanwhile: that one's key stays. */
  drawn(user: string | null, key: string): void;
  foilOf(cardId: string): Foil;
  /** The foil of this card is off. */
  scratched(cardId: string): void;
  /** The strokes on the foil of a card that was touched, packed. */
  strokesOn(cardId: string): readonly number[];
  keepStrokes(cardId: string, strokes: readonly number[]): void;
}

/** `tab` lasts as long as the tab (the session), `device` outlives the app (a draw, what was scratched). What is found in them may be of any shape. */
export function memoryOf(campaign: string, tab: Store, device: Store): Memory {
  const sessionKey = `kuji.session.${campaign}`;
  const drawKeyOf = (user: string | null) => `kuji.draw.${campaign}.${user}`;
  const scratchedKey = "kuji.scratched";
  const touchedKey = "kuji.touched";
  const scratchedCards = () => listIn<string>(device, scratchedKey);
  const touchedCards = () => listIn<Touched>(device, touchedKey).filter(isTouched);
  const others = (cardId: string) => touchedCards().filter(([id]) => id !== cardId);

  return {
    session: (user, nowMs) => {
      const held = read(tab, sessionKey) as Session | null;
      return held?.user === user && TOKEN.test(held.token) && held.expiresAtMs - SESSION_MARGIN_MS > nowMs ? held : null;
    },
    keepSession: (session) => write(tab, sessionKey, session),
    dropSession: () => tab.removeItem(sessionKey),
    drawKey: (user, make) => {
      const kept = device.getItem(drawKeyOf(user)) ?? "";
      const key = DRAW_KEY.test(kept) ? kept : make();
      device.setItem(drawKeyOf(user), key);
      return key;
    },
    drawn: (user, key) => {
      if (device.getItem(drawKeyOf(user)) === key) device.removeItem(drawKeyOf(user));
    },
    foilOf: (cardId) => {
      if (scratchedCards().includes(cardId)) return "off";
      return touchedCards().some(([id]) => id === cardId) ? "touched" : "whole";
    },
    scratched: (cardId) => {
      write(device, scratchedKey, [cardId, ...scratchedCards().filter((id) => id !== cardId)].slice(0, MAX_SCRATCHED));
      write(device, touchedKey, others(cardId));
    },
    strokesOn: (cardId) => touchedCards().find(([id]) => id === cardId)?.[1] ?? [],
    keepStrokes: (cardId, strokes) => write(device, touchedKey, [[cardId, strokes], ...others(cardId)].slice(0, MAX_TOUCHED)),
  };
}

/** A store of the browser's. Where that is missing, forbidden or full, what it would not keep is kept while the page lives. */
export function storeOf(get: () => Store): Store {
  const held = new Map<string, string>();
  function use<T>(call: (store: Store) => T): T | null {
    try {
      return call(get());
    } catch {
      return null;
    }
  }
  return {
    getItem: (key) => held.get(key) ?? use((store) => store.getItem(key)),
    setItem: (key, value) => {
      held.set(key, value);
      use((store) => {
        store.setItem(key, value);
        held.delete(key);
      });
    },
    removeItem: (key) => {
      held.delete(key);
      use((store) => store.removeItem(key));
    },
  };
}

function isTouched(entry: Touched | null): boolean {
  const strokes: unknown = entry?.[1];
  return Array.isArray(strokes) && strokes.every((units) => Math.abs(units as number) < MAX_UNITS);
}

function listIn<Entry>(store: Store, key: string): Entry[] {
  const list = read(store, key);
  return Array.isArray(list) ? (list as Entry[]) : [];
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
