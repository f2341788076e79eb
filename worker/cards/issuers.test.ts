import { describe, expect, it } from "vitest";
import { askIssuer, IssuerOverloaded } from "./issuers.ts";

type Fault = { retryable?: boolean; overloaded?: boolean } | null;

/** An object that fails as told, call by call, and then answers with the number of the call. */
async function ask(...faults: readonly Fault[]): Promise<{ outcome: unknown; calls: number; stubs: number }> {
  let calls = 0;
  let stubs = 0;
  const call = async () => {
    const fault = faults[calls] ?? null;
    calls += 1;
    if (fault !== null) throw Object.assign(new Error("broken"), fault);
    return calls;
  };
  const outcome: unknown = await askIssuer(() => (stubs += 1), call).catch((error: unknown) => error);
  return { outcome, calls, stubs };
}

describe("askIssuer", () => {
  it("asks once where that suffices", async () => {
    expect(await ask()).toMatchObject({ outcome: 1, calls: 1 });
  });

  it("asks once more, through a fresh stub, where the runtime says that this may help", async () => {
    expect(await ask({ retryable: true })).toMatchObject({ outcome: 2, calls: 2, stubs: 2 });
  });

  it("never asks an overloaded object again", async () => {
    const { outcome, calls } = await ask({ overloaded: true, retryable: true });
    expect(outcome).toBeInstanceOf(IssuerOverloaded);
    expect(calls).toBe(1);
  });

  it("gives up after the second failure", async () => {
    const { outcome, calls } = await ask({ retryable: true }, { retryable: true });
    expect(outcome).toBeInstanceOf(IssuerOverloaded);
    expect(calls).toBe(2);
  });

  it("passes a bug through, at once and after a retry", async () => {
    expect(await ask({})).toMatchObject({ outcome: { message: "broken" }, calls: 1 });
    expect(await ask({ retryable: true }, {})).toMatchObject({ outcome: { message: "broken" }, calls: 2 });
  });
});
