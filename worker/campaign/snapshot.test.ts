import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { campaignSnapshot } from "./snapshot.ts";

let campaigns = 0;
let reads: string[] = [];
let stored: unknown;
let down = false;

/** KV as the edge reads it, counting. */
const env = {
  CONFIG: {
    async get(key: string) {
      reads.push(key);
      if (down) throw new Error("KV is down");
      return stored;
    },
  } as unknown as KVNamespace,
};

function newId(): string {
  campaigns += 1;
  return `snapshot-${campaigns}`;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "warn").mockImplementation(() => {});
  reads = [];
  stored = { file: { id: "x" }, version: 1, shards: 2, ledgers: 1 };
  down = false;
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

describe("campaignSnapshot", () => {
  it("reads KV once in five seconds", async () => {
    const id = newId();
    expect(await campaignSnapshot(env, id)).toEqual(stored);
    pass(4_999);
    expect(await campaignSnapshot(env, id)).toEqual(stored);
    expect(reads).toEqual([`campaign:${id}`]);
    stored = { file: { id: "x" }, version: 2, shards: 2, ledgers: 1 };
    pass(1);
    expect(await campaignSnapshot(env, id)).toMatchObject({ version: 2 });
    expect(reads).toHaveLength(2);
  });

  it("lets one request read anew while the others go on with what is known", async () => {
    const id = newId();
    await campaignSnapshot(env, id);
    pass(5_000);
    stored = { file: { id: "x" }, version: 2, shards: 2, ledgers: 1 };
    const answers = await Promise.all(Array.from({ length: 50 }, () => campaignSnapshot(env, id)));
    expect(reads).toHaveLength(2);
    expect(answers.filter((answer) => answer?.version === 1)).toHaveLength(49);
    expect(await campaignSnapshot(env, id)).toMatchObject({ version: 2 });
  });

  it("remembers for a second that there is none", async () => {
    const id = newId();
    stored = null;
    expect(await campaignSnapshot(env, id)).toBeNull();
    expect(await campaignSnapshot(env, id)).toBeNull();
    expect(reads).toHaveLength(1);
    pass(1_000);
    stored = { file: { id: "x" }, version: 1, shards: 2, ledgers: 1 };
    expect(await campaignSnapshot(env, id)).toEqual(stored);
  });

  it.each(["", "x", "UPPER", "../x", "campaign:x", "a".repeat(64)])("answers %j with null and asks nobody", async (id) => {
    expect(await campaignSnapshot(env, id)).toBeNull();
    expect(reads).toEqual([]);
  });

  it("serves on with the last one while KV is down, and says so when it has none", async () => {
    const id = newId();
    await campaignSnapshot(env, id);
    pass(5_000);
    down = true;
    expect(await campaignSnapshot(env, id)).toEqual(stored);
    pass(600_000);
    await expect(campaignSnapshot(env, id)).rejects.toThrow("KV is down");
  });

  it("keeps waiting only those who read anew while KV does not answer", async () => {
    const id = newId();
    const known = await campaignSnapshot(env, id);
    pass(5_000);
    stored = new Promise(() => undefined);
    void campaignSnapshot(env, id);
    expect(await campaignSnapshot(env, id)).toEqual(known);
    expect(reads).toHaveLength(2);
  });

  it("does not take what is no snapshot for one", async () => {
    stored = { version: "1" };
    await expect(campaignSnapshot(env, newId())).rejects.toThrow("shards");
  });
});
