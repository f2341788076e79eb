import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessToken } from "../scripts/admin-client.ts";
import { demoCampaignFile, divideWinners, poolCsv } from "../scripts/demo-campaign.ts";
import { PlayerClient, newLineUserId } from "../scripts/player-client.ts";
import { playMany } from "../scripts/play-many.ts";
import { openCampaign, writeCampaign, writeUpload } from "../scripts/prepare-demo.ts";
import { grantsOfCard } from "../scripts/sandbox-grants.ts";
import { silent } from "../scripts/terminal.ts";
import { uploadFiles } from "../scripts/upload.ts";
import { localArguments, ROOT, runWrangler } from "../scripts/wrangler.ts";
import { openTestHouse } from "./house.ts";
import type { TestHouse } from "./house.ts";

let house: TestHouse;
beforeAll(async () => {
  house = await openTestHouse();
});
afterAll(() => house.close());

const SETTLED = { interval: 250 };

/** A campaign of its own, uploaded by wrangler and opened. */
async function openedCampaign(id: string, pool: ReadonlyMap<string, number>): Promise<string> {
  const { stack, admin } = house;
  const file = await demoCampaignFile(id, Date.now());
  const csv = await writeUpload(stack, `${id}/pools/first.csv`, poolCsv(pool));
  await uploadFiles(stack, admin, silent, id, [await writeCampaign(stack, file), csv]);
  await openCampaign(admin, silent, id);
  return file.line.channelId;
}

/** Keeps a document in a file; gives its path. */
async function saved(name: string, contents: string): Promise<string> {
  const path = join(house.stack.persistTo, name);
  await writeFile(path, contents);
  return path;
}

/** Runs `npm run verify` to its end. */
async function verify(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  return await new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, "scripts/verify.ts"), ...args], (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), stdout }),
    );
  });
}

async function drawOne(campaign: string): Promise<string> {
  const [result] = await house.partner.draw(campaign, [{ requestId: randomUUID() }]);
  return result?.cardId ?? `not issued: ${result?.status}`;
}

describe("a campaign, end to end", () => {
  it("gives 500 draws of a pool of 400 winners exactly those winners, each granted once, and every book says the same", async () => {
    const { stack, admin, partner } = house;
    const { lines, differences } = await playMany(stack, { admin, partner }, silent, { cards: 500, winners: 400 });
    expect(differences).toEqual([]);
    const winners = lines.filter(({ prize }) => prize !== "thanks");
    expect(Object.fromEntries(winners.map(({ prize, issued }) => [prize, issued]))).toEqual(Object.fromEntries(divideWinners(400)));
    expect(winners.every(({ loaded, issued, redeemed, granted }) => loaded === issued && issued === redeemed && redeemed === granted)).toBe(
      true,
    );
    expect(lines.find(({ prize }) => prize === "thanks")?.issued).toBe(100);
  });

  it("makes 500 cards, not one more, of 500 request ids drawn twice in parallel", async () => {
    await openedCampaign("twice", new Map([["coupon-50", 2_000]]));
    const requests = Array.from({ length: 500 }, (_, i) => ({ requestId: `request-${i}` }));
    const singly = requests.map(async (request) => (await house.partner.draw("twice", [request]))[0]);
    const [bulk, singles] = await Promise.all([house.partner.draw("twice", requests), Promise.all(singly)]);
    expect(singles.map((result) => result?.cardId)).toEqual(bulk.map(({ cardId }) => cardId));
    expect(new Set(bulk.map(({ cardId }) => cardId)).size).toBe(500);
    const { prizes } = await house.admin.invariants("twice");
    expect(prizes.reduce((sum, { issued, issuedAsFallback }) => sum + issued + issuedAsFallback, 0)).toBe(500);
  });

  it("gives a card that two users reveal and redeem a hundred times at once to one of them, and its reward once", async () => {
    const channelId = await openedCampaign("contested", new Map([["points-10", 10]]));
    const cardId = await drawOne("contested");
    const users = await Promise.all(
      ["Alice", "Bob"].map((name) => PlayerClient.signIn(house.stack, "contested", { sub: newLineUserId(), name, channelId })),
    );
    const tries = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const user = i % users.length;
        const outcome = async (call: Promise<unknown>) => call.then(() => "ok").catch((error: { code?: string }) => error.code);
        const revealed = await outcome(users[user]?.reveal(cardId) ?? Promise.reject(new Error("no user")));
        return { user, revealed, redeemed: await outcome(users[user]?.redeem(cardId) ?? Promise.reject(new Error("no user"))) };
      }),
    );
    const owner = tries.find(({ revealed }) => revealed === "ok")?.user;
    for (const { user, revealed, redeemed } of tries) {
      expect([revealed, redeemed]).toEqual(user === owner ? ["ok", "ok"] : ["card_not_found", "card_not_found"]);
    }
    await expect.poll(async () => (await house.admin.care(cardId))[0]?.reward?.status, SETTLED).toBe("granted");
    expect(await grantsOfCard(house.stack.sandboxOrigin, cardId)).toMatchObject([{ cardId, asked: 1 }]);
  });

  it("imports nothing of a file with one bad row, names the row, and imports the mended file once however often it is uploaded", async () => {
    const { stack, admin } = house;
    const id = "mended";
    await uploadFiles(stack, admin, silent, id, [await writeCampaign(stack, await demoCampaignFile(id, Date.now()))]);
    const upload = async (csv: string) => uploadFiles(stack, admin, silent, id, [await writeUpload(stack, `${id}/pools/first.csv`, csv)]);
    await expect(upload("prize,quantity,code\npoints-10,5,\npoints-11,5,\ncoupon-50,-1,\n")).rejects.toThrow(/line 3.*points-11[^]*line 4/);
    expect((await admin.invariants(id)).prizes.every(({ loaded }) => loaded === 0)).toBe(true);
    for (let again = 0; again < 3; again++) await upload("prize,quantity,code\npoints-10,5,\ncoupon-50,1,\n");
    await stack.tick();
    const loaded = Object.fromEntries((await admin.invariants(id)).prizes.map((prize) => [prize.prize, prize.loaded]));
    expect(loaded).toMatchObject({ "points-10": 5, "coupon-50": 1 });
    expect((await admin.uploads(id)).filter(({ object, status }) => object.endsWith("first.csv") && status === "imported")).toHaveLength(1);
  });

  it("grants what was redeemed when the app is killed before it settled, and started again", async () => {
    const channelId = await openedCampaign("killed", new Map([["points-10", 50]]));
    const user = await PlayerClient.signIn(house.stack, "killed", { sub: newLineUserId(), name: "Kuji", channelId });
    const cardIds = await Promise.all(Array.from({ length: 10 }, () => drawOne("killed")));
    await Promise.all(
      cardIds.map(async (cardId) => {
        await user.reveal(cardId);
        await user.redeem(cardId);
      }),
    );
    await house.stack.kill();
    await house.stack.restart();
    const granted = async () => {
      const cards = await Promise.all(cardIds.map((cardId) => house.admin.care(cardId)));
      return cards.filter(([card]) => card?.state === "redeemed" && card.reward?.status === "granted").length;
    };
    await expect.poll(granted, { interval: 500 }).toBe(10);
    for (const cardId of cardIds) expect(await grantsOfCard(house.stack.sandboxOrigin, cardId)).toHaveLength(1);
    expect((await house.admin.invariants("killed")).differences).toEqual([]);
  });

  it("is verified once it is closed, and names the card whose row in the ledger was altered", async () => {
    const { stack, admin } = house;
    const id = "verified";
    const channelId = await openedCampaign(
      id,
      new Map([
        ["points-10", 10],
        ["coupon-50", 30],
      ]),
    );
    const published = await saved("published.json", await (await fetch(`${stack.appOrigin}/player/v1/campaigns/${id}/fairness`)).text());
    const cardIds = await Promise.all(Array.from({ length: 45 }, () => drawOne(id)));
    const user = await PlayerClient.signIn(stack, id, { sub: newLineUserId(), name: "Kuji", channelId });
    const proofs = await Promise.all(
      cardIds.map(async (cardId) => {
        await user.reveal(cardId);
        return (await user.proof(cardId)) as { prize: string; inclusion?: object };
      }),
    );
    const proof = proofs.find(({ inclusion }) => inclusion !== undefined);
    const verifyProof = async (document: object) =>
      verify("--proof", await saved("proof.json", JSON.stringify(document)), "--published", published);
    expect(await verifyProof(proof ?? {})).toMatchObject({ code: 0, stdout: expect.stringMatching(/^proven: /) });
    expect(await verifyProof({ ...proof, prize: "thanks" })).toMatchObject({ code: 1, stdout: expect.stringMatching(/^not proven: /) });

    const token = await accessToken(stack);
    const verifyCampaign = () => verify("--campaign", id, "--origin", stack.appOrigin, "--access-token", token, "--published", published);
    expect(await verifyCampaign()).toMatchObject({ code: 2, stdout: expect.stringContaining("is not closed") });
    await admin.changeStatus(id, "close");
    const settled = async () => (await admin.invariants(id)).prizes.reduce((sum, { settledIssued }) => sum + settledIssued, 0);
    await expect.poll(settled, SETTLED).toBe(45);
    const verified = await verifyCampaign();
    expect(verified.stdout).toContain("first.csv: 40 of 40 positions are in the ledger; below the highest, 39, 0 are in no card");
    expect(verified.stdout).toContain(`verified=true campaign=${id} segments=1 cards=45 fallback=5 differing=0`);
    expect(verified.code).toBe(0);

    const [altered = ""] = cardIds;
    await stack.kill();
    const prize = proofs[0]?.prize === "points-10" ? "coupon-50" : "points-10";
    const update = `UPDATE cards SET prize = '${prize}' WHERE card = '${altered}'`;
    await runWrangler(localArguments(["d1", "execute", "LEDGER", "--command", update], stack.persistTo));
    await stack.restart();
    expect(await verifyCampaign()).toMatchObject({ code: 1, stdout: expect.stringContaining(`differing=1 first=${altered}`) });
  });
});
