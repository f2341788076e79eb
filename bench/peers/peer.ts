/** A campaign as every peer is given it: cards per prize, and how many a recipient may have. */
export interface PeerCampaign {
  readonly id: string;
  readonly limit: number;
  readonly stock: ReadonlyMap<string, number>;
}

export interface Most {
  readonly single: number;
  readonly bulk: number;
}

export interface PeerCard {
  readonly requestId: string;
  readonly state: string;
}

/** A system that does what Kuji's draw API does, at an address. */
export interface Peer {
  readonly name: string;
  readonly what: string;
  /** Before `/partner/v1/…`. */
  readonly origin: string;
  /** What it promises beside the rest: an answer is on disk before it is given. */
  readonly durable: boolean;
  /** More draws a second than it answers, one and a hundred a request: for so many there are requests and cards. */
  readonly most: Most;
  /** Process groups whose CPU time is its own. */
  groups(): readonly number[];
  load(campaign: PeerCampaign): Promise<void>;
  /** A card as it stands, null where there is none. */
  card(campaign: string, cardId: string): Promise<PeerCard | null>;
  /** Kills all of it as a power cut would, and starts it again. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

/** Reads a card where a peer shows it at `/cards/…`. */
export async function readCard(origin: string, campaign: string, cardId: string): Promise<PeerCard | null> {
  const response = await fetch(`${origin}/cards/${campaign}/${cardId}`);
  if (response.ok) return (await response.json()) as PeerCard;
  await response.body?.cancel();
  if (response.status === 404) return null;
  throw new Error(`${origin} did not show a card: ${response.status}`);
}

/** Cards are loaded in requests of so many. */
const CARDS_PER_LOAD = 50_000;

/** The deck of a campaign, shuffled (Fisher and Yates). */
function shuffledDeck(stock: ReadonlyMap<string, number>): string[] {
  const deck = [...stock].flatMap(([prize, cards]) => Array.from({ length: cards }, () => prize));
  for (let i = deck.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [deck[i], deck[j]] = [deck[j] as string, deck[i] as string];
  }
  return deck;
}

/** Loads a campaign where a peer takes it at `/load/…`. */
export async function loadDeck(origin: string, { id, limit, stock }: PeerCampaign): Promise<void> {
  const deck = shuffledDeck(stock);
  for (let from = 0; from < deck.length; from += CARDS_PER_LOAD) {
    const response = await fetch(`${origin}/load/${id}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ limit, deck: deck.slice(from, from + CARDS_PER_LOAD) }),
    });
    if (!response.ok) throw new Error(`${origin} did not take a deck: ${response.status} ${await response.text()}`);
    await response.body?.cancel();
  }
}
