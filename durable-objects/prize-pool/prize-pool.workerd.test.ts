import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { codesStep, drawOf, openCampaign, publishCampaign } from "../campaign.fixture.ts";
import { PLAIN_SEGMENT } from "../protocol.ts";
import type { LeaseReply, SurrenderCommand } from "../protocol.ts";
import { commitDeck } from "./deck.ts";
import { cardLeaf } from "./deck-tree.ts";
import { rootFrom } from "./merkle.ts";

const leased = (reply: LeaseReply) => {
  if (reply.status !== "granted") throw new Error(`the lease was ${reply.status}`);
  return reply.lease;
};

/** Open, and its start so far away that no issuer takes stock by itself. */
const FAR = { startsAtMs: Date.now() + 1_000_000, endsAtMs: Date.now() + 2_000_000 };

describe("the prize pool", () => {
  it("gives the same lease for the same request number, also after it was evicted", async () => {
    const campaign = await openCampaign({ coupon: 500, thanks: 500 }, FAR);
    const ask = (request: number) => campaign.pool().lease({ campaign: campaign.id, shard: 0, request, want: 100 });
    const first = leased(await ask(1));
    await evictDurableObject(campaign.poolStub());
    expect(leased(await ask(1))).toEqual(first);
    const second = leased(await ask(2));
    expect(second.start).toBe(first.start + first.ordinals.length);
  });

  it("leases every card of its manifest exactly once, codes in the file's order", async () => {
    const campaign = await publishCampaign({ ...FAR, shards: 3 });
    const upload = { campaign: campaign.id, segment: "mixed.csv", etag: "1" };
    const codes = Array.from({ length: 250 }, (_, i) => `CODE-${i}`);
    await campaign.stage(upload, codes);
    const imported = await campaign
      .pool()
      .commitImport({ ...upload, entries: [{ prize: "thanks", quantity: 150 }], codes: codes.length, opensAtMs: null, closesAtMs: null });
    expect(imported).toMatchObject({ status: "imported", cards: 400 });
    await campaign.pool().changeStatus(campaign.id, "open");

    const dealt: { position: number; prize: string; code: string | null }[] = [];
    for (let request = 1; dealt.length < 400; request++) {
      const reply = await campaign.pool().lease({ campaign: campaign.id, shard: request % 3, request, want: 50 });
      if (reply.status !== "granted") break;
      const { start, ordinals, prizes, codes: leasedCodes } = reply.lease;
      for (const [i, ordinal] of ordinals.entries())
        dealt.push({ position: start + i, prize: prizes[ordinal] ?? "", code: leasedCodes?.[i] ?? null });
    }
    expect(dealt.map(({ position }) => position)).toEqual(Array.from({ length: 400 }, (_, i) => i));
    expect(dealt.flatMap(({ code }) => code ?? [])).toEqual(codes);
    expect(dealt.filter(({ code }) => code === null).every(({ prize }) => prize === "thanks")).toBe(true);
    const stock = await campaign.pool().stock(campaign.id);
    expect(stock?.prizes).toEqual([
      { prize: "thanks", loaded: 150, unleased: 0, withheld: 0 },
      { prize: "code", loaded: 250, unleased: 0, withheld: 0 },
    ]);
  });

  it("takes each step of an import once, in order, and says where the next begins", async () => {
    const campaign = await publishCampaign();
    const upload = { campaign: campaign.id, segment: "a.csv", etag: "1" };
    const stage = (step: number, codes: string[], line: number) => campaign.pool().stageStep(upload, codesStep(step, codes, line));
    expect(await stage(0, ["X"], 2)).toEqual({ status: "no_import" });
    expect(await campaign.pool().beginImport(upload)).toEqual({ status: "begun", step: 0, state: null });
    expect(await stage(1, ["Z"], 4)).toEqual({ status: "no_import" });
    expect(await stage(0, ["X", "Y"], 2)).toEqual({ status: "staged" });
    await evictDurableObject(campaign.poolStub());
    expect(await stage(0, ["X", "Y"], 2)).toEqual({ status: "done_by_another" });
    expect(await campaign.pool().beginImport(upload)).toEqual({ status: "begun", step: 1, state: "after 0" });
    expect(await campaign.pool().imports(campaign.id)).toMatchObject([{ segment: "a.csv", bytesRead: 10, codes: 2, checked: 0 }]);
    expect(await stage(1, ["Z"], 4)).toEqual({ status: "staged" });
    expect(await campaign.pool().beginImport({ ...upload, etag: "2" })).toEqual({ status: "begun", step: 0, state: null });
    expect(await stage(2, ["A"], 5)).toEqual({ status: "no_import" });
  });

  it("makes no stock of codes that are fewer or more than were staged, or not compared with all that is stock", async () => {
    const campaign = await publishCampaign();
    const upload = { campaign: campaign.id, segment: "a.csv", etag: "1" };
    const commit = (codes: number, of = upload) =>
      campaign.pool().commitImport({ ...of, entries: [], codes, opensAtMs: null, closesAtMs: null });
    await campaign.pool().beginImport(upload);
    await campaign.pool().stageStep(upload, codesStep(0, ["X", "Y"], 2));
    expect(await commit(2)).toEqual({ status: "unchecked" });
    await campaign.pool().stageStep(upload, codesStep(1, ["Z"], 4));
    expect(await campaign.pool().checkCodes(upload)).toEqual({ status: "checked", duplicates: [], more: 0 });
    expect([await commit(2), await commit(4)]).toEqual([{ status: "no_import" }, { status: "no_import" }]);
    const other = { ...upload, segment: "b.csv" };
    await campaign.stage(other, ["Z", "A", "Z"]);
    expect(await commit(3)).toMatchObject({ status: "imported", cards: 3 });
    expect(await campaign.pool().checkCodes(other)).toEqual({
      status: "checked",
      duplicates: expect.arrayContaining([
        { line: 2, segment: "a.csv", firstLine: 4 },
        { line: 4, segment: null, firstLine: 2 },
      ]) as object,
      more: 0,
    });
    expect(await commit(3, other)).toEqual({ status: "unchecked" });
  });

  it("imports the same bytes once, replaces a segment while in draft, and never once open", async () => {
    const campaign = await publishCampaign(FAR);
    const importAs = async (etag: string, quantity: number) => {
      const upload = { campaign: campaign.id, segment: "first.csv", etag };
      const begun = await campaign.pool().beginImport(upload);
      if (begun.status !== "begun") return begun.status;
      const done = await campaign
        .pool()
        .commitImport({ ...upload, entries: [{ prize: "coupon", quantity }], codes: 0, opensAtMs: null, closesAtMs: null });
      return done.status;
    };
    expect(await importAs("1", 10)).toBe("imported");
    expect(await importAs("1", 10)).toBe("already_imported");
    expect(await importAs("2", 20)).toBe("imported");
    await campaign.pool().changeStatus(campaign.id, "open");
    expect(await importAs("3", 30)).toBe("segment_immutable");
    expect((await campaign.pool().stock(campaign.id))?.prizes).toEqual([{ prize: "coupon", loaded: 20, unleased: 20, withheld: 0 }]);
  });

  it("keeps what is in stock from being renamed away, and the number of shards once open", async () => {
    const campaign = await openCampaign({ coupon: 10 });
    const published = await campaign.pool().publish({ ...campaign.rules, prizes: { thanks: "none" } });
    expect(published).toEqual({ status: "prize_in_stock", prize: "coupon", segment: "first.csv", campaign: "open" });
    expect(await campaign.pool().publish({ ...campaign.rules, prizes: { ...campaign.rules.prizes, coupon: "none" } })).toMatchObject({
      status: "prize_in_stock",
    });
    expect(await campaign.pool().publish({ ...campaign.rules, shards: 9 })).toMatchObject({ status: "published", changed: false });
    expect(await campaign.pool().publish({ ...campaign.rules, autoRedeem: true })).toMatchObject({
      status: "published",
      changed: true,
      rules: { shards: 1, autoRedeem: true, status: "open" },
    });
  });

  it("opens only with stock or a fallback, and goes through its states in order", async () => {
    const campaign = await publishCampaign();
    const change = (verb: "open" | "pause" | "resume" | "close") => campaign.pool().changeStatus(campaign.id, verb);
    expect(await change("pause")).toEqual({ status: "wrong_state", current: "draft" });
    expect(await change("open")).toEqual({ status: "no_stock" });
    await campaign.load("first.csv", { coupon: 5 });
    expect(await change("open")).toMatchObject({ status: "done", rules: { status: "open" } });
    expect(await change("open")).toMatchObject({ status: "done", rules: { status: "open" } });
    expect(await change("pause")).toMatchObject({ status: "done", rules: { status: "paused" } });
    expect(await change("resume")).toMatchObject({ status: "done", rules: { status: "open" } });
    expect(await change("close")).toMatchObject({ status: "done", rules: { status: "closed" } });
    expect(await change("open")).toEqual({ status: "wrong_state", current: "closed" });
  });

  it("publishes commitments and roots from the start, and what they were made of only after the close", async () => {
    const campaign = await openCampaign({ coupon: 10 });
    const [before] = await campaign.pool().fairness(campaign.id);
    expect(before).toMatchObject({ segment: "first.csv", size: 10, decks: 1, roots: [{ deck: 0 }], opened: null });
    await campaign.pool().changeStatus(campaign.id, "close");
    const [after] = await campaign.pool().fairness(campaign.id);
    expect(after).toMatchObject({ commitment: before?.commitment, roots: before?.roots });
    const { seed, manifest, options } = after?.opened ?? { seed: "", manifest: [], options: PLAIN_SEGMENT };
    expect(manifest).toEqual([{ prize: "coupon", quantity: 10 }]);
    expect(commitDeck({ campaign: campaign.id, segment: "first.csv", seed: hexToBytes(seed), manifest, options })).toBe(before?.commitment);
  });

  it("proves the place of a card that was dealt under the root that was published before", async () => {
    const campaign = await openCampaign({ coupon: 300, thanks: 700 });
    const [{ roots, commitment } = { roots: [], commitment: "" }] = await campaign.pool().fairness(campaign.id);
    for (let i = 0; i < 20; i++) await campaign.draw([drawOf(`r${i}`)]);
    const [again] = await campaign.draw([drawOf("r0")]);
    if (again?.status !== "replayed") throw new Error("the draw was not repeated");
    const reply = await campaign.issuer().card({ campaign: campaign.id, shard: 0, cardId: again.cardId });
    if (reply.status !== "ok" || reply.card.place === null) throw new Error("the card has no place");
    const { place, prize } = reply.card;
    const proven = await campaign.pool().proof(campaign.id, place.segment, place.position);
    if (proven.status !== "proven") throw new Error(proven.status);
    expect(proven).toMatchObject({ commitment, proof: { deck: 0, index: place.position, size: 1_000, root: roots[0]?.root } });
    const { salt, index, size, path } = proven.proof;
    const root = rootFrom(cardLeaf(hexToBytes(salt), index, utf8ToBytes(prize)), index, size, path.map(hexToBytes));
    expect(root === null ? null : bytesToHex(root)).toBe(roots[0]?.root);
  });

  it("makes a tree for every deck of a segment that repeats", async () => {
    const campaign = await publishCampaign({ pools: { "first.csv": { ...PLAIN_SEGMENT, repeat: { maxDecks: null } } } });
    await campaign.load("first.csv", { coupon: 100, thanks: 300 });
    await campaign.pool().changeStatus(campaign.id, "open");
    for (let i = 0; i < 10; i++) await campaign.draw(Array.from({ length: 100 }, (_, k) => drawOf(`r${i}-${k}`)));
    const [told] = await campaign.pool().fairness(campaign.id);
    expect(told?.roots.map(({ deck }) => deck)).toEqual(Array.from({ length: told?.decks ?? 0 }, (_, deck) => deck));
    expect(new Set(told?.roots.map(({ root }) => root)).size).toBe(told?.decks);
    for (const position of [0, 399, 400, 999]) {
      const proven = await campaign.pool().proof(campaign.id, "first.csv", position);
      expect(proven).toMatchObject({ proof: { deck: Math.floor(position / 400), index: position % 400 } });
    }
  });

  it("does not take a place for issued that came back while the issuers were asked, and went to one of them", async () => {
    const campaign = await openCampaign({ coupon: 1 }, { shards: 2, returnStock: { onVoid: true, onExpiry: false } });
    const [drawn] = await campaign.draw([{ requestId: "a", recipient: null, lineUserId: null, metadata: null }], 0);
    const cardId = drawn !== undefined && "cardId" in drawn ? drawn.cardId : "";
    // What the pool knew of an empty stock is gone with its memory: it has to ask.
    await evictDurableObject(campaign.poolStub());
    const surrendered = { isAsked: false, isAnswered: false };
    const getByName = env.CARD_ISSUER.getByName.bind(env.CARD_ISSUER);
    const slow = vi.spyOn(env.CARD_ISSUER, "getByName").mockImplementation((name) => {
      const surrender = async (command: SurrenderCommand) => {
        const reply = await getByName(name).surrender(command);
        surrendered.isAsked = true;
        while (!surrendered.isAnswered) await new Promise((resolve) => void setTimeout(resolve, 5));
        return reply;
      };
      return new Proxy(getByName(name), { get: (stub, method) => (method === "surrender" ? surrender : Reflect.get(stub, method)) });
    });
    const lease = (shard: number, request: number) => campaign.pool().lease({ campaign: campaign.id, shard, request, want: 1 });
    const given = lease(1, 100);
    await expect.poll(() => surrendered.isAsked).toBe(true);
    slow.mockRestore();
    await campaign.issuer(0).void({ campaign: campaign.id, shard: 0, cardId, reason: "mistake" });
    const unleased = async () => (await campaign.pool().stock(campaign.id))?.prizes[0]?.unleased;
    await expect.poll(unleased).toBe(1);
    surrendered.isAnswered = true;
    expect(await given).toMatchObject({ status: "granted" });
    expect(await lease(0, 100)).toMatchObject({ status: "empty", reason: "elsewhere" });
  });

  it("does not know a campaign that nobody published", async () => {
    const campaign = await publishCampaign();
    const stranger = { ...campaign, id: "nobody" };
    const pool = env.PRIZE_POOL.getByName(stranger.id) as unknown as ReturnType<typeof campaign.pool>;
    expect(await pool.lease({ campaign: "nobody", shard: 0, request: 1, want: 1 })).toEqual({ status: "campaign_unknown" });
    expect(await pool.beginImport({ campaign: "nobody", segment: "a.csv", etag: "1" })).toEqual({ status: "campaign_unknown" });
    expect(await pool.stock("nobody")).toBeNull();
  });
});
