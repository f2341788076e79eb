import "./style/page.css";
import "./style/ticket.css";
import "./style/reward.css";
import "./style/sheet.css";
import "./style/large.css";
import { render } from "preact";
import { afresh, insist, insistOnStyle } from "./afresh.ts";
import { playerApi } from "./api.ts";
import { readBoot, type Boot } from "./boot.ts";
import { errandsIn } from "./errands.ts";
import type { Line } from "./line.ts";
import type { Theme } from "../../worker/player/theme.ts";
import { memoryOf, storeOf } from "./memory.ts";
import { playerOf } from "./player.ts";
import { readRoute } from "./route.ts";
import { localText, pickLanguage } from "./text/language.ts";
import { loadMessages } from "./text/messages.ts";
import { App } from "./view/App.tsx";
import { Skeleton } from "./view/Skeleton.tsx";

/** The LIFF SDK, or in a development build its stand-in: the other one is not even in the output. Called again only where it failed. */
const openLine = async (boot: Boot): Promise<Line> => {
  try {
    return import.meta.env.MODE === "development"
      ? await (await afresh(() => import("./line.development.ts"))).openLine(boot)
      : await (await afresh(() => import("./line.ts"))).openLine(boot);
  } catch (error) {
    return (await afresh(() => import("./view/later.ts"))).lineFailed(error);
  }
};

async function start(root: Element): Promise<void> {
  // The words for a script that never came.
  root.replaceChildren();
  const boot = readBoot(document, Date.now());
  const language = pickLanguage(navigator.languages);
  document.documentElement.lang = language;
  const dress = ({ properties }: Theme) => {
    for (const [name, value] of Object.entries(properties)) document.documentElement.style.setProperty(name, value);
  };
  if (boot === null) {
    const [messages, { UnknownCampaign, themeOf }] = await Promise.all([loadMessages(language), insist(() => import("./view/later.ts"))]);
    dress(themeOf({}));
    render(<UnknownCampaign language={language} messages={messages} />, root);
    return;
  }
  dress(boot.theme);
  document.title = localText(boot.title, language);
  render(<Skeleton boot={boot} language={language} label="" />, root);

  const memory = memoryOf(
    boot.campaign,
    storeOf(() => sessionStorage),
    storeOf(() => localStorage),
  );
  const isOnline = () => navigator.onLine;
  const nowMs = Date.now;
  const errands = errandsIn({
    boot,
    memory,
    api: playerApi(boot.campaign, fetch, isOnline, nowMs),
    openLine,
    route: () => readRoute(location.pathname),
    goTo: (path) => history.replaceState(null, "", path + location.search),
    nowMs,
    dice: Math.random,
    makeKey: () => crypto.randomUUID(),
    isOnline,
  });
  const player = playerOf(errands, memory, { nowMs, after: (ms, run) => setTimeout(run, ms) });
  addEventListener("online", () => player.send({ type: "back_online" }));
  // From another app, another tab, or the browser's store of pages that were left (`persisted`).
  let leftMs = 0;
  const returned = () => player.send({ type: "returned", nowMs: nowMs(), awayMs: nowMs() - leftMs });
  addEventListener("pageshow", ({ persisted }) => persisted && returned());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) leftMs = nowMs();
    else returned();
  });
  player.start();
  const messages = await loadMessages(language);
  render(<App campaign={{ boot, language, messages, errands }} player={player} />, root);
}

const style = document.querySelector<HTMLLinkElement>("link[rel=stylesheet]");
if (style !== null && getComputedStyle(document.documentElement).getPropertyValue("--edge") === "") insistOnStyle(style);
const root = document.querySelector("#kuji");
if (root !== null) void start(root);
