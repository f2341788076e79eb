import { expect, test } from "vitest";
import { behind, type Boot } from "./boot.ts";
import { flexOf, invitationTo } from "./invitation.ts";
import { AA_CONTRAST, contrast, themeOf } from "../../worker/player/theme.ts";

const boot: Boot = {
  campaign: "spring",
  liffId: "2000000000-abcdefgh",
  channelId: "2000000000",
  title: { en: "Spring", "zh-TW": "新春" },
  texts: {},
  theme: themeOf({}),
  dates: { startsAt: "2027-01-01T00:00:00Z", endsAt: "2027-02-01T00:00:00Z", timezone: "Asia/Taipei" },
  prizes: [],
  selfService: true,
  ...behind(0),
};
const invitation = invitationTo(boot, "zh-TW", { title: "分享", text: "試試手氣" });

test("an invitation leads to the campaign, in the user's language, and never to a card", () => {
  expect(invitation).toEqual({ title: "新春", text: "試試手氣", url: "https://liff.line.me/2000000000-abcdefgh/c/spring" });
});

test("LINE's message is in the campaign's colours, and can be read", () => {
  const { altText, contents } = flexOf({ ...invitation, title: "新".repeat(500) }, "玩", themeOf({ accent: "#06c755" }));
  expect(altText.length).toBe(400);
  for (const { color } of contents.body.contents) {
    expect(contrast(color, contents.body.backgroundColor)).toBeGreaterThanOrEqual(AA_CONTRAST);
  }
  const [button] = contents.footer.contents;
  expect(contrast(button.color, "#ffffff")).toBeGreaterThanOrEqual(AA_CONTRAST);
  expect(button.action.uri).toBe(invitation.url);
});
