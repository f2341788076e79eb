import "./style/page.css";
import "./style/ticket.css";
import "./style/reward.css";
import "./style/sheet.css";
import "./style/large.css";
import { render } from "preact";
import { afresh, insist } from "./afresh.ts";
import { playerApi } from "./api.ts";
import { readBoot, type Boot } from "./boot.ts";
import { errandsIn } from "./errands.ts";
import type { Line } from "./line.ts";
import { memoryOf, storeOf } from "./memory.ts";
import { playerOf } from "./player.ts";
import { readRoute } from "./route.ts";
import { localText, pickLanguage } from "./text/language.ts";
import { loadMessages } from "./text/messages.ts";
import { themeOf } from "./theme.ts";
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
  const boot = readBoot(document, Date.now());
  const language = pickLanguage(navigator.languages);
  document.documentElement.lang = language;
  const theme = themeOf(boot?.theme ?? {});
  for (const [name, value] of Object.entries(theme.properties)) document.documentElement.style.setProperty(name, value);
  if (boot === null) {
    const [messages, { UnknownCampaign }] = await Promise.all([loadMessages(language), insist(() => import("./view/later.ts"))]);
    render(<UnknownCampaign language={language} messages={messages} />, root);
    return;
  }
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
  const returned = () => player.send({ type: "returned", nowMs: nowMs() });
  addEventListener("pageshow", ({ persisted }) => persisted && returned());
  document.addEventListener("visibilitychange", () => document.hidden || returned());
  player.start();
  const messages = await loadMessages(language);
  render(<App campaign={{ boot, theme, language, messages, errands }} player={player} />, root);
}

const root = document.querySelector("#kuji");
if (root !== null) void start(root);
