/**
 * Every state of the page, held still: the campaign, LINE and the player API are answered here. `npm run screens` takes their pictures, and a test
 * looks for what shuts people out. The page is a development build.
 */
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Page, Route } from "playwright-core";
import { themeOf, type ChosenTheme } from "../../worker/player/theme.ts";
import type { ServedBoot } from "./boot.ts";

const ORIGIN = "http://localhost:8787";
const SANDBOX = "http://localhost:8788";
const CARD = "AQABAAAAB7GQ2K41XrT9vLmN0pQs";

const FESTIVAL: Omit<ServedBoot, "servedAt" | "theme"> & { readonly theme: ChosenTheme; readonly sandboxOrigin: string } = {
  campaign: "spring-2027",
  liffId: "2000000000-abcdefgh",
  channelId: "2000000000",
  title: { "zh-TW": "新春刮刮樂", en: "Spring Scratch", ja: "新春スクラッチ", th: "ขูดโชคปีใหม่" },
  texts: {
    intro: { "zh-TW": "張張有機會，好運刮出來", en: "Scratch up some luck", ja: "運だめし、どうぞ", th: "ขูดลุ้นโชครับปีใหม่" },
    terms: {
      "zh-TW": "每人限參加三次，獎項數量有限，送完為止。",
      en: "Three cards a person. While stocks last.",
      ja: "お一人様3回まで。",
      th: "จำกัดคนละ 3 ใบ",
    },
  },
  theme: { accent: "#c8102e", background: "#fff4e0", cover: "gold" },
  dates: { startsAt: "2026-01-05T12:00:00Z", endsAt: "2098-02-20T16:00:00Z", timezone: "Asia/Taipei" },
  prizes: [
    { id: "sticker", kind: "line-sticker", name: { "zh-TW": "限定貼圖", en: "Sticker set", ja: "限定スタンプ", th: "สติกเกอร์ลิมิเต็ด" } },
    {
      id: "coupon-50",
      kind: "coupon",
      name: { "zh-TW": "50 元折價券", en: "NT$50 off", ja: "50元クーポン", th: "คูปองส่วนลด" },
      description: { "zh-TW": "全門市適用", en: "In every store", ja: "全店舗で使えます", th: "ใช้ได้ทุกสาขา" },
      value: { amount: 5000, currency: "TWD" },
    },
    { id: "cafe-code", kind: "code", name: { "zh-TW": "咖啡兌換碼", en: "Coffee code", ja: "コーヒー引換コード", th: "รหัสแลกกาแฟ" } },
    { id: "points-10", kind: "webhook", name: { "zh-TW": "10 點", en: "10 points", ja: "10ポイント", th: "10 คะแนน" } },
    { id: "thanks", kind: "none", name: { "zh-TW": "謝謝參加", en: "Thank you", ja: "ご参加ありがとう", th: "ขอบคุณ" } },
  ],
  selfService: true,
  sandboxOrigin: SANDBOX,
};
const GREEN: typeof FESTIVAL = {
  ...FESTIVAL,
  title: { "zh-TW": "好友刮刮卡", en: "Friends’ Scratch Card", ja: "友だちスクラッチ", th: "การ์ดขูดของเพื่อน" },
  theme: { accent: "#06C755", background: "#f2faf4", cover: "silver" },
};

const PICTURED: typeof FESTIVAL = {
  ...FESTIVAL,
  theme: { base: "line", image: "/images/spring-2027/campaign.svg" },
  prizes: FESTIVAL.prizes.map((prize) => ({ ...prize, image: "/images/spring-2027/prize.svg" })),
};
const MISSING: typeof FESTIVAL = {
  ...FESTIVAL,
  theme: { ...FESTIVAL.theme, image: "/images/spring-2027/missing.svg" },
  prizes: FESTIVAL.prizes.map((prize) => ({ ...prize, image: "/images/spring-2027/missing.svg" })),
};

/** A campaign in which the card wins the first of its prizes. */
function wonFirst(boot: typeof FESTIVAL): Pick<Scene, "boot" | "answers"> {
  return { boot, answers: { reveal: { body: { state: "revealed", prize: boot.prizes[0] } } } };
}

/** What an operator might upload: a hill in the sun, and a box. */
const PICTURES: Readonly<Record<string, string>> = {
  "campaign.svg": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 440"><rect width="400" height="440" fill="#9bd7f5"/><circle cx="300" cy="90" r="46" fill="#ffd45c"/><path d="M0 220q110-120 210 0t190-40v260H0z" fill="#3fa65c"/><path d="M0 280q90-60 190 0t210-10v170H0z" fill="#2d8a4a"/></svg>`,
  "prize.svg": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120"><rect width="120" height="120" rx="24" fill="#ffe3a3"/><path d="M30 54h60v42H30z" fill="#e2574c"/><path d="M24 40h72v18H24z" fill="#f0776b"/><path d="M55 40h10v56H55z" fill="#fff"/></svg>`,
};

/** As much as an operator may want to say: titles, names and sums that fill their place, and a word that has no end. */
const LONG: typeof FESTIVAL = {
  ...FESTIVAL,
  title: {
    "zh-TW": "二〇二七新春感恩回饋全家一起刮刮樂大抽獎",
    en: "The Great Spring Thanksgiving Scratch & Win Celebration!",
    ja: "新春スクラッチくじ大感謝祭・ご家族みんなでチャンスキャンペーン",
    th: "ขูดลุ้นโชครับปีใหม่ฉลองเทศกาลกับครอบครัวทั้งปี",
  },
  texts: {
    ...FESTIVAL.texts,
    intro: {
      "zh-TW": "凡於活動期間消費滿五百元即可刮一張，張張有機會，好運刮出來！",
      en: "Every purchase of NT$500 or more during the campaign is a card, and every card a chance.",
      ja: "期間中500元以上お買い上げごとに1枚。毎日のお買い物で運だめしをどうぞ！",
      th: "ซื้อครบ 500 ดอลลาร์ในช่วงแคมเปญ รับการ์ดขูดหนึ่งใบ ลุ้นโชคได้ทุกใบ",
    },
  },
  prizes: [
    {
      id: "named",
      kind: "coupon",
      name: {
        "zh-TW": "全臺門市通用之新春限定豪華草莓鮮奶油蛋糕六吋兌換券乙張含運費",
        en: "A six-inch strawberry and fresh cream cake of the season, to be collected in any of our stores, while it lasts",
        ja: "全店舗でお引き換えいただける季節限定いちごと生クリームのホールケーキ六号引換券一枚",
        th: "บัตรแลกเค้กสตรอว์เบอร์รีครีมสดประจำเทศกาลขนาดหกนิ้วหนึ่งก้อน ใช้ได้ที่ทุกสาขาทั่วประเทศ",
      },
      description: FESTIVAL.texts["intro"] ?? "",
    },
    {
      id: "priced",
      kind: "coupon",
      name: {
        "zh-TW": "全臺門市通用之新春限定豪華草莓鮮奶油蛋糕六吋兌換券乙張含運費",
        en: "Strawberry and fresh cream cake of the season",
        ja: "季節限定いちごと生クリームのホールケーキ六号引換券一枚",
        th: "บัตรแลกเค้กสตรอว์เบอร์รีครีมสดประจำเทศกาลขนาดหกนิ้ว",
      },
      description: { "zh-TW": "全門市適用，限用一次", en: "In every store, once", ja: "全店舗で1回限り", th: "ใช้ได้ทุกสาขา หนึ่งครั้ง" },
      value: { amount: 123_456_789_012, currency: "TWD" },
    },
    { id: "endless", kind: "line-sticker", name: "Rindfleischetikettierungsüberwachungsaufgabenübertragung" },
    ...FESTIVAL.prizes.slice(1),
  ],
};
/** Written from right to left, in a page that is not. */
const HEBREW: typeof FESTIVAL = {
  ...FESTIVAL,
  title: "מבצע האביב!",
  texts: { intro: "גרדו, נסו את מזלכם!", terms: "עד גמר המלאי (3 לאדם)." },
  prizes: FESTIVAL.prizes.map((prize) => ({ ...prize, name: "קופון 50 ₪!" })),
};
const LONG_NUMBER = "AQABAAAAAAGBX0sM3xPgp4CQdFrNZnn3";

type Answer = { readonly status?: number; readonly body?: unknown; readonly headers?: Record<string, string> } | "never" | "lost";
type Call = "session" | "face" | "cards" | "reveal" | "redeem" | "reward" | "play";

const won = (id: string, more: object = {}): Answer => {
  const prize = LONG.prizes.find((face) => face.id === id) ?? FESTIVAL.prizes.find((face) => face.id === id);
  return { body: { state: "revealed", prize, ...more } };
};
const problem = (status: number, code: string, headers = {}): Answer => ({ status, body: { code, title: code, status }, headers });
const rewarded = (reward: object): Answer => ({ body: { state: "redeemed", reward } });
const ANSWERS: Record<Call, Answer> = {
  session: { body: { session: "s", expiresAt: "2099-01-01T00:00:00Z", user: {}, card: { cardId: CARD } } },
  face: { body: {} },
  cards: { body: { cards: [], next: null } },
  reveal: won("coupon-50"),
  redeem: rewarded({ status: "granted", coupon: CARD }),
  reward: { body: { status: "pending" } },
  play: { body: { requestId: "r", status: "issued", cardId: CARD } },
};

export interface Scene {
  readonly name: string;
  /** A selector of what is on the page once it has come to this state. */
  readonly shows: string;
  /** Whether its picture is of something that moves: flakes, confetti. Other pictures are taken of a page that was asked for less motion. */
  readonly moves?: true;
  readonly boot?: typeof FESTIVAL | null;
  /** Below `/c/{campaign}`; the card's path where absent. */
  readonly path?: string;
  readonly answers?: Partial<Record<Call, Answer>>;
  readonly idToken?: Answer;
  act?(page: Page): Promise<void>;
}

const forMe = (page: Page) => page.locator(".button--quiet").click();
const redeem = async (page: Page) => {
  await forMe(page);
  await page.locator(".button--main").click({ timeout: 5_000 });
};
/** Scratches with the mouse, in `strokes` slanting strokes over the upper part of the foil. */
async function scratch(page: Page, strokes: number): Promise<void> {
  const box = await page.locator(".panel__foil").boundingBox();
  if (box === null) throw new Error("there is no foil to scratch");
  const at = (across: number, down: number) => [box.x + box.width * across, box.y + box.height * down] as const;
  await page.mouse.move(...at(0.14, 0.3));
  await page.mouse.down();
  for (let i = 0; i < strokes; i++) {
    await page.mouse.move(...at(i % 2 === 0 ? 0.86 : 0.14, 0.24 + i * 0.1), { steps: 14 });
  }
  await page.mouse.up();
}

const openOwnCards = async (page: Page) => {
  await page.locator(".links button").first().click();
  await page.locator(".sheet").waitFor();
};
const ownCard = (cardId: string, state: string, prize?: string, more: object = {}) => ({
  cardId,
  state,
  issuedAt: "2026-02-06T12:00:00Z",
  ...(prize === undefined ? {} : { prize: FESTIVAL.prizes.find(({ id }) => id === prize) }),
  ...more,
});
const OWN_CARDS = [
  ownCard("c1", "issued", undefined, { expiresAt: "2098-02-20T16:00:00Z" }),
  ownCard("c2", "revealed", "coupon-50"),
  ownCard("c3", "redeemed", "sticker"),
  ownCard("c4", "used", "cafe-code"),
  ownCard("c5", "revealed", "thanks"),
  ownCard("c6", "expired", "points-10"),
];
const LONG_CARDS = [
  ownCard("c1", "issued", undefined, { expiresAt: "2098-02-20T16:00:00Z" }),
  ...LONG.prizes.slice(0, 3).map((prize, i) => ownCard(`c${i + 2}`, "revealed", undefined, { prize })),
];

const drawAnswered = (status: string): Omit<Scene, "name"> => ({
  shows: ".verdict:not(:has([aria-disabled=true])):not(:has(.button--main:not([aria-disabled])))",
  path: "",
  answers: { play: { body: { status } } },
  act: (page) => page.locator(".button--main").click(),
});

export const SCENES: readonly Scene[] = [
  { name: "opening", shows: ".ticket--skeleton", answers: { session: "never" } },
  { name: "opening-busy", shows: ".notice", answers: { session: problem(503, "overloaded", { "retry-after": "30" }) } },
  { name: "opening-trouble", shows: ".notice", idToken: "lost" },
  { name: "covered", shows: ".panel__foil" },
  { name: "covered-green", shows: ".panel__foil", boot: GREEN },
  { name: "covered-green-metal", shows: ".panel__foil", boot: { ...GREEN, theme: { ...GREEN.theme, cover: "green" } } },
  {
    name: "covered-red-metal",
    shows: ".panel__foil",
    boot: { ...FESTIVAL, theme: { accent: "#1d3a8a", background: "#eef2fb", cover: "red" } },
  },
  { name: "scratching", moves: true, shows: ".panel__foil", act: (page) => scratch(page, 4) },
  { name: "scratching-green", moves: true, shows: ".panel__foil", boot: GREEN, act: (page) => scratch(page, 4) },
  { name: "holding", shows: ".panel__foil", answers: { reveal: "never" }, act: (page) => scratch(page, 4) },
  {
    name: "holding-busy",
    shows: ".notice",
    answers: { reveal: problem(503, "overloaded", { "retry-after": "30" }) },
    act: (page) => scratch(page, 4),
  },
  {
    name: "holding-offline",
    shows: ".notice",
    answers: { reveal: "lost" },
    act: async (page) => {
      await page.context().setOffline(true);
      await scratch(page, 3);
    },
  },
  { name: "won", moves: true, shows: ".button--main", act: forMe },
  {
    name: "won-expiring",
    shows: ".button--main",
    answers: { reveal: won("coupon-50", { expiresAt: "2098-02-20T16:00:00Z" }) },
    act: forMe,
  },
  {
    name: "reward-coupon-expiring",
    shows: ".coupon .qr path",
    answers: { reveal: won("coupon-50", { expiresAt: "2098-02-20T16:00:00Z" }) },
    act: redeem,
  },
  { name: "won-sticker", shows: ".button--main", answers: { reveal: won("sticker") }, boot: GREEN, act: forMe },
  { name: "won-code", shows: ".button--main", answers: { reveal: won("cafe-code") }, act: forMe },
  { name: "thanks", shows: ".verdict__title", answers: { reveal: won("thanks") }, act: forMe },
  { name: "redeeming", shows: ".button--main[aria-disabled=true]", answers: { redeem: "never" }, act: redeem },
  {
    name: "redeeming-busy",
    shows: ".notice",
    answers: { redeem: problem(503, "overloaded", { "retry-after": "30" }) },
    act: redeem,
  },
  { name: "reward-coupon", shows: ".coupon .qr path", act: redeem },
  { name: "reward-coupon-green", shows: ".coupon .qr path", boot: GREEN, act: redeem },
  {
    name: "reward-coupon-used",
    shows: ".coupon.is-used .qr path",
    answers: { reveal: won("coupon-50", { state: "used", reward: { status: "granted", coupon: CARD } }) },
    act: async (page) => {
      await forMe(page);
      await page.locator(".coupon").waitFor();
    },
  },
  {
    name: "reward-code",
    shows: ".code",
    answers: { reveal: won("cafe-code"), redeem: rewarded({ status: "granted", code: "CAFE-7K2M-94QX" }) },
    act: redeem,
  },
  {
    name: "reward-on-its-way",
    shows: ".passage",
    answers: { reveal: won("points-10"), redeem: rewarded({ status: "pending" }) },
    act: redeem,
  },
  { name: "reward-granted", shows: ".passage", answers: { reveal: won("sticker"), redeem: rewarded({ status: "granted" }) }, act: redeem },
  { name: "reward-delayed", shows: ".passage", answers: { reveal: won("points-10"), redeem: rewarded({ status: "failed" }) }, act: redeem },
  { name: "lobby", shows: ".deck", path: "" },
  { name: "lobby-green", shows: ".deck", path: "", boot: GREEN },
  {
    name: "lobby-not-started",
    shows: ".deck",
    path: "",
    boot: { ...FESTIVAL, dates: { ...FESTIVAL.dates, startsAt: "2097-02-05T12:00:00Z" } },
  },
  { name: "lobby-ended", shows: ".deck", path: "", boot: { ...FESTIVAL, dates: { ...FESTIVAL.dates, endsAt: "2026-02-05T12:00:00Z" } } },
  { name: "lobby-by-invitation", shows: ".deck", path: "", boot: { ...FESTIVAL, selfService: false } },
  { name: "lobby-sold-out", ...drawAnswered("sold_out") },
  { name: "lobby-paused", ...drawAnswered("not_open") },
  { name: "lobby-limit", ...drawAnswered("limit_reached") },
  {
    name: "lobby-dealing-busy",
    shows: ".notice",
    path: "",
    answers: { play: problem(429, "rate_limited", { "retry-after": "30" }) },
    act: (page) => page.locator(".button--main").click(),
  },
  { name: "closed-not-found", shows: ".aside", answers: { session: problem(404, "card_not_found") } },
  { name: "closed-expired", shows: ".aside", answers: { reveal: problem(409, "card_expired") }, act: forMe },
  { name: "closed-voided", shows: ".aside", answers: { reveal: problem(409, "card_voided") }, act: forMe },
  { name: "closed-paused", shows: ".aside", answers: { reveal: problem(409, "campaign_state") }, act: forMe },
  { name: "closed-broken", shows: ".aside", answers: { reveal: problem(400, "invalid_request") }, act: forMe },
  { name: "closed-unknown-campaign", shows: ".aside", boot: null },
  { name: "outside-not-in-line", shows: ".aside", path: `/${CARD}?browser` },
  {
    name: "reward-code-selected",
    shows: ".code",
    answers: { reveal: won("cafe-code"), redeem: rewarded({ status: "granted", code: "CAFE-7K2M-94QX" }) },
    act: async (page) => {
      await page.evaluate(() => {
        Object.defineProperty(navigator, "clipboard", { value: undefined });
        document.execCommand = () => false;
      });
      await redeem(page);
      await page.locator(".code .button").click();
    },
  },
  { name: "own-cards", shows: ".sheet li", path: "", answers: { cards: { body: { cards: OWN_CARDS, next: "c" } } }, act: openOwnCards },
  {
    name: "own-cards-green",
    shows: ".sheet li",
    path: "",
    boot: GREEN,
    answers: { cards: { body: { cards: OWN_CARDS, next: null } } },
    act: openOwnCards,
  },
  { name: "own-cards-loading", shows: ".sheet", path: "", answers: { cards: "never" }, act: openOwnCards },
  { name: "own-cards-none", shows: ".sheet", path: "", act: openOwnCards },
  { name: "own-cards-failed", shows: ".sheet", path: "", answers: { cards: problem(500, "internal") }, act: openOwnCards },
  {
    name: "shared",
    shows: ".deck",
    path: "",
    act: async (page) => {
      await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: { writeText: () => Promise.resolve() } }));
      await page.locator(".links button").last().click();
    },
  },
  {
    name: "shared-by-hand",
    shows: ".deck",
    path: "",
    act: async (page) => {
      await page.evaluate(() => {
        Object.defineProperty(navigator, "clipboard", { value: undefined });
        document.execCommand = () => false;
      });
      await page.locator(".links button").last().click();
    },
  },
  { name: "covered-silent", shows: ".panel__foil", act: (page) => page.locator(".sound").click() },
  { name: "lobby-pictured", shows: ".deck", path: "", boot: PICTURED },
  { name: "covered-pictured", shows: ".panel__foil", boot: PICTURED },
  {
    name: "won-pictured",
    shows: ".button--main",
    ...wonFirst(PICTURED),
    act: forMe,
  },
  {
    name: "reward-pictured",
    shows: ".passage",
    ...wonFirst(PICTURED),
    act: redeem,
  },
  {
    name: "holding-reopened",
    shows: ".notice",
    answers: { reveal: problem(503, "overloaded", { "retry-after": "30" }) },
    act: async (page) => {
      await scratch(page, 4);
      await page.reload();
    },
  },
  { name: "opening-long", shows: ".ticket--skeleton", boot: LONG, answers: { session: "never" } },
  { name: "covered-long", shows: ".panel__foil", boot: LONG },
  {
    name: "holding-busy-long",
    shows: ".notice",
    boot: LONG,
    answers: { reveal: problem(503, "overloaded", { "retry-after": "30" }) },
    act: forMe,
  },
  { name: "won-named", shows: ".button--main", boot: LONG, answers: { reveal: won("named") }, act: forMe },
  {
    name: "won-priced",
    shows: ".button--main",
    boot: LONG,
    answers: { reveal: won("priced", { expiresAt: "2098-02-20T16:00:00Z" }) },
    act: forMe,
  },
  { name: "won-endless", shows: ".button--main", boot: LONG, answers: { reveal: won("endless") }, act: forMe },
  {
    name: "reward-priced",
    shows: ".coupon .qr path",
    boot: LONG,
    answers: { reveal: won("priced"), redeem: rewarded({ status: "granted", coupon: LONG_NUMBER }) },
    act: redeem,
  },
  { name: "reward-endless", shows: ".passage", boot: LONG, answers: { reveal: won("endless") }, act: redeem },
  { name: "lobby-long", shows: ".deck", path: "", boot: LONG },
  {
    name: "own-cards-long",
    shows: ".sheet li",
    path: "",
    boot: LONG,
    answers: { cards: { body: { cards: LONG_CARDS, next: "c" } } },
    act: openOwnCards,
  },
  { name: "lobby-picture-missing", shows: ".deck .seal", path: "", boot: MISSING },
  {
    name: "won-picture-missing",
    shows: ".prize .medal",
    ...wonFirst(MISSING),
    act: forMe,
  },
  {
    name: "reward-picture-missing",
    shows: ".reward .medal",
    ...wonFirst(MISSING),
    act: redeem,
  },
  { name: "covered-right-to-left", shows: ".prizes__name", boot: HEBREW },
  {
    name: "reward-right-to-left",
    shows: ".coupon .qr path",
    boot: HEBREW,
    answers: { reveal: { body: { state: "revealed", prize: HEBREW.prizes[1] } } },
    act: redeem,
  },
  { name: "outside-token-refused", shows: ".aside", answers: { session: problem(401, "line_token_invalid") } },
];

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

async function give(route: Route, answer: Answer): Promise<void> {
  if (answer === "never") return;
  if (answer === "lost") return route.abort("internetdisconnected");
  await route.fulfill({
    status: answer.status ?? 200,
    json: answer.body,
    headers: { "access-control-allow-origin": "*", "access-control-allow-headers": "*", ...answer.headers },
  });
}

/** Opens a new page in this scene, and resolves when it shows it. `dist` is a development build; its files, the campaign and all answers are given here. */
export async function openScene(page: Page, dist: string, scene: Scene): Promise<void> {
  await serve(page, dist, scene);
  await page.goto(`${ORIGIN}/c/${FESTIVAL.campaign}${scene.path ?? `/${CARD}`}`);
  await scene.act?.(page);
  await page.locator(scene.shows).first().waitFor();
}

async function serve(page: Page, dist: string, scene: Scene): Promise<void> {
  await page.route(`${SANDBOX}/**`, (route) =>
    give(route, scene.idToken ?? { body: { idToken: `e30.${btoa(JSON.stringify({ sub: "U1" }))}.` } }),
  );
  await page.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const call = (/\/(session|cards|reveal|redeem|reward|play)$/.exec(pathname)?.[1] ??
      (/\/cards\/[^/]+$/.test(pathname) ? "face" : undefined)) as Call | undefined;
    if (call !== undefined) return give(route, scene.answers?.[call] ?? ANSWERS[call]);
    const picture = PICTURES[pathname.replace("/images/spring-2027/", "")];
    if (picture !== undefined) return route.fulfill({ body: picture, contentType: "image/svg+xml" });
    if (pathname.startsWith("/images/")) return route.fulfill({ status: 404 });
    const file = pathname.startsWith("/c/") ? "index.html" : pathname.slice(1);
    const text = await readFile(join(dist, file), "utf8");
    const { boot: told = FESTIVAL } = scene;
    const boot = JSON.stringify(told && { ...told, theme: themeOf(told.theme), servedAt: new Date() });
    const body = text.replace("</head>", `<script type="application/json" id="kuji-boot">${boot}</script></head>`);
    return route.fulfill({ body, contentType: TYPES[extname(file)] ?? "application/octet-stream" });
  });
}
