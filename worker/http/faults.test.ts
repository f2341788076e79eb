import { describe, expect, it } from "vitest";
import { z } from "zod";
import { faultsOf } from "./faults.ts";

const schema = z.strictObject({ draws: z.array(z.strictObject({ requestId: z.string().max(3), recipient: z.string().optional() })) });

function faults(value: unknown) {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : faultsOf(parsed.error.issues);
}

describe("faultsOf", () => {
  it("names the place of each fault", () => {
    const found = faults({ draws: [{ requestId: "ok" }, { requestId: 7 }, { requestId: "ok", receiver: "x", b: 1 }], seed: 1 });
    expect(found.map(({ at }) => at)).toEqual(["draws[1].requestId", "draws[2].receiver", "draws[2].b", "seed"]);
    expect(found.slice(1).every(({ message }) => message === "unknown field")).toBe(true);
    expect(faults([])).toMatchObject([{ at: "body" }]);
  });

  it("never repeats a value, and names no more than some", () => {
    const found = faults({ draws: Array.from({ length: 500 }, () => ({ requestId: "a secret of the sender" })) });
    expect(found.length).toBeLessThanOrEqual(20);
    expect(JSON.stringify(found)).not.toContain("secret");
  });
});
