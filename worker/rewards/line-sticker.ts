import { z } from "zod";
import { lineStickerParams } from "../campaign/kind-params.ts";
import { callLine, lineGate } from "./line-call.ts";
import type { GrantDeps, GrantOutcome, ParamedReward, RemoteProvider } from "./provider.ts";
import { unusableParams } from "./unusable-params.ts";

const missionSchema = z.object({});

/**
 * A sticker set, by LINE's Mission Stickers: https://developers.line.biz/en/reference/partner-docs/#send-mission-stickers-v3. The call knows no retry key, and
 * needs none: it "grants permission to download" this set to this user, who has that or has it not. So an unknown outcome is asked for again, and a
 * call that was heard twice has given one set. For the same reason whoever wins the same set with two cards owns it once.
 */
export const lineSticker: RemoteProvider = {
  reach: "remote",
  gate: ({ params }, settings) => (lineStickerParams.safeParse(params).success ? lineGate("mission", settings) : unusableParams),
  grant,
};

async function grant({ lineUser, params }: ParamedReward, deps: GrantDeps): Promise<GrantOutcome> {
  const sticker = lineStickerParams.safeParse(params);
  if (!sticker.success) return unusableParams;
  const body = { to: lineUser, productId: sticker.data.productId, productType: "STICKER", sendPresentMessage: false };
  return callLine({ endpoint: "mission", body, answer: missionSchema }, deps);
}
