import type { Browser, BrowserContext, BrowserContextOptions, Page, Request, Route } from "playwright-core";

/** The calls of the player API, by the last word of their address; `face` is a card's own. */
export type CallName = "session" | "face" | "play" | "reveal" | "redeem" | "reward";

/** For a machine that does much else; nothing is measured by it. */
const PATIENCE_MS = 180_000;
/** Motion costs a machine without a graphics card most of its time: who wants to see it asks for it. */
const ORDINARY: BrowserContextOptions = { viewport: { width: 390, height: 844 }, locale: "en", reducedMotion: "reduce" };
/** What Chromium itself says of a refusal or a cut connection: here both are meant to happen. */
const OF_THE_NETWORK = /^Failed to load resource/;

/** One person's browser: its pages share a user, a session and a memory. */
export interface Phone {
  readonly context: BrowserContext;
  /** The page that is there from the beginning. */
  readonly page: Page;
  /** The calls of all pages, in the order in which they were made. */
  readonly calls: readonly CallName[];
  /** Every origin that a page asked for anything. */
  readonly origins: ReadonlySet<string>;
  /** What no page should do: uncaught errors, and complaints in the console. */
  readonly faults: readonly string[];
  openTab(): Promise<Page>;
  close(): Promise<void>;
}

export async function openPhone(browser: Browser, options: BrowserContextOptions = {}): Promise<Phone> {
  const context = await browser.newContext({ ...ORDINARY, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const calls: CallName[] = [];
  const origins = new Set<string>();
  const faults: string[] = [];
  context.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith("http")) origins.add(origin);
    const call = callOf(request);
    if (call !== null) calls.push(call);
  });
  const openTab = async (): Promise<Page> => {
    const page = await context.newPage();
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !OF_THE_NETWORK.test(message.text())) faults.push(message.text());
    });
    return page;
  };
  return { context, page: await openTab(), calls, origins, faults, openTab, close: () => context.close() };
}

const CALL_PATH = /^\/player\/v1\/(?:(session)|campaigns\/[^/]+\/(?:(play)|cards\/[^/]+(?:\/(reveal|redeem|reward))?))$/;

function callOf(request: Request): CallName | null {
  const [path, ...names] = CALL_PATH.exec(new URL(request.url()).pathname) ?? [];
  return path === undefined ? null : ((names.find((name) => name !== undefined) ?? "face") as CallName);
}

/** Lets `answer` decide what becomes of a call, in every page of this phone. */
export async function intercept({ context }: Phone, call: CallName, answer: (route: Route) => Promise<void>): Promise<void> {
  await context.route("**/player/v1/**", async (route) => {
    await (callOf(route.request()) === call ? answer(route) : route.fallback());
  });
}

/** Holds a call back until `release`, and counts how often it was made. */
export async function holdBack(phone: Phone, call: CallName): Promise<{ readonly held: () => number; release(): void }> {
  const gate = Promise.withResolvers<void>();
  let held = 0;
  await intercept(phone, call, async (route) => {
    held += 1;
    await gate.promise;
    // The page may have gone meanwhile, and its request with it.
    await route.fallback().catch(() => {});
  });
  return { held: () => held, release: gate.resolve };
}

/**
 * Puts the page's clock into the test's hands: it goes on by itself, and in leaps. No call is given up meanwhile, for a leap is no time in which
 * the app could have answered it.
 */
export async function holdClock({ context }: Phone, time: number = Date.now()): Promise<void> {
  await context.clock.install({ time });
  await context.addInitScript(() => (AbortSignal.timeout = () => new AbortController().signal));
}

/** Sets the server's clock, as its pages tell it. */
export async function setServerClock({ context }: Phone, timeMs: number): Promise<void> {
  await context.addInitScript((servedAt) => {
    // It is read, and the page's own scripts have not begun.
    document.addEventListener("readystatechange", () => {
      const boot = document.querySelector("#kuji-boot");
      if (boot !== null) boot.textContent = boot.textContent.replace(/(?<="servedAt":")[^"]*/, servedAt);
    });
  }, new Date(timeMs).toISOString());
}

/** Lets a call reach the server, and its answer never reach the page. */
export async function loseAnswer(route: Route): Promise<void> {
  await route.fetch();
  await route.abort("connectionreset");
}
