import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkLinearizable } from "./check.ts";
import type { Model, Operation } from "./check.ts";

/** A register: the smallest thing that can be read stale. */
type Input = { readonly type: "write"; readonly value: number } | { readonly type: "read" };
type Output = number | "written";

const register: Model<number, Input, Output> = {
  initial: 0,
  key: String,
  step(state, input, output) {
    if (input.type === "write") return output === null || output === "written" ? [input.value] : [];
    return output === null || output === state ? [state] : [];
  },
};

type Call = Operation<Input, Output>;

/** Every order of every choice of the calls of unknown outcome, tried one by one. */
function bruteForce(history: readonly Call[], state = register.initial): boolean {
  if (history.every(({ output }) => output === null)) return true;
  return history.some((call) => {
    const others = history.filter((other) => other !== call);
    if (others.some(({ output, returnedAt }) => output !== null && returnedAt < call.calledAt)) return false;
    return register.step(state, call.input, call.output).some((after) => bruteForce(others, after));
  });
}

const input: fc.Arbitrary<Input> = fc.oneof(
  fc.record({ type: fc.constant("write" as const), value: fc.integer({ min: 0, max: 2 }) }),
  fc.constant({ type: "read" as const }),
);
const span = fc.integer({ min: 1, max: 40 });
/** Times are whole; those of different calls never meet, for each has its own fraction. */
const apart = (time: number, call: number) => time + call / 1_000;

describe("the check", () => {
  it("says of any small history what trying every order says", () => {
    const call = fc.record({ input, read: fc.integer({ min: 0, max: 2 }), known: fc.boolean(), at: span, lasts: span });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 6 }), (calls) => {
        const history = calls.map(({ input: asked, read, known, at, lasts }, i): Call => {
          const output = asked.type === "write" ? "written" : read;
          return { input: asked, output: known ? output : null, calledAt: apart(at, i), returnedAt: apart(at + lasts, i) };
        });
        expect(checkLinearizable(register, history).status === "linearizable").toBe(bruteForce(history));
      }),
      { numRuns: 2_000 },
    );
  });

  it("accepts what was done one at a time, however the calls overlap, and whatever is not known of them", () => {
    const call = fc.record({ input, fate: fc.constantFrom("known", "known", "known", "unknown", "undone"), before: span, after: span });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
        let state = register.initial;
        const history = calls.map(({ input: asked, fate, before, after }, i): Call => {
          if (asked.type === "write" && fate !== "undone") state = asked.value;
          const output = fate === "known" ? (asked.type === "read" ? state : "written") : null;
          return { input: asked, output, calledAt: apart(10 * i - before, i), returnedAt: apart(10 * i + after, i) };
        });
        expect(checkLinearizable(register, history).status).toBe("linearizable");
      }),
    );
  });

  it("refuses a stale read, and names it", () => {
    const verdict = checkLinearizable(register, [
      { input: { type: "write", value: 1 }, output: "written", calledAt: 0, returnedAt: 1 },
      { input: { type: "read" }, output: 0, calledAt: 2, returnedAt: 3 },
    ]);
    expect(verdict).toMatchObject({ status: "not_linearizable", furthest: [{ output: "written" }], stuck: [{ output: 0 }] });
  });

  it("refuses a write of unknown outcome that is seen, and then not any more", () => {
    const read = (output: number, at: number): Call => ({ input: { type: "read" }, output, calledAt: at, returnedAt: at + 1 });
    const unknown: Call = { input: { type: "write", value: 1 }, output: null, calledAt: 0, returnedAt: 1 };
    expect(checkLinearizable(register, [unknown, read(0, 2), read(1, 4)]).status).toBe("linearizable");
    expect(checkLinearizable(register, [unknown, read(1, 2), read(0, 4)]).status).toBe("not_linearizable");
  });

  it("says so when it gives up", () => {
    const writes = Array.from({ length: 24 }, (_, i): Call => ({
      input: { type: "write", value: i },
      output: null,
      calledAt: 0,
      returnedAt: 1,
    }));
    const impossible: Call = { input: { type: "read" }, output: 99, calledAt: 2, returnedAt: 3 };
    expect(checkLinearizable(register, [...writes, impossible], 1_000).status).toBe("undecided");
  });
});
