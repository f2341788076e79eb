import { describe, expect, it, vi } from "vitest";
import { checkReadiness } from "./readiness.ts";

const fine = async () => undefined;

describe("checkReadiness", () => {
  it("is ready when every part answers", async () => {
    expect(await checkReadiness({ d1: fine, kv: fine, r2: fine, durableObject: fine })).toEqual({ ready: true });
  });

  it("names the parts that fail and those that do not answer in time, and says why in the log only", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const broken = async () => {
      throw new Error("no such table: campaigns");
    };
    const silent = () => new Promise<never>(() => undefined);
    const outcome = await checkReadiness({ d1: broken, kv: fine, r2: silent, durableObject: fine }, 10).catch((error: unknown) => error);
    expect(outcome).toMatchObject({
      code: "not_ready",
      message: "these do not answer: d1, r2",
      extras: { members: { failed: ["d1", "r2"] } },
    });
    expect(log).toHaveBeenCalledTimes(2);
    log.mockRestore();
  });
});
