import { expect, test } from "vitest";
import { selfTimes } from "./self-time.ts";

const frame = (functionName: string, url: string, lineNumber = 0) => ({ functionName, url, lineNumber, columnNumber: 0 });
const sourceOf = (line: number) => ["worker/a.ts", "node_modules/.pnpm/hono@4/node_modules/hono/dist/app.js"][line] ?? "?";

test("gives each file its own time and each function of the runtime that of its callers, and idling to nobody", () => {
  const nodes = [
    { id: 1, callFrame: frame("(root)", ""), children: [2, 3, 6] },
    { id: 2, callFrame: frame("(idle)", "") },
    { id: 3, callFrame: frame("draw", "index.js", 0), children: [4, 5] },
    { id: 4, callFrame: frame("exec", "") },
    { id: 5, callFrame: frame("dispatch", "index.js", 1), children: [7] },
    { id: 6, callFrame: frame("(garbage collector)", "") },
    { id: 7, callFrame: frame("exec", "") },
  ];
  const samples = [2, 3, 4, 5, 7, 6, 4];
  expect(selfTimes({ nodes, samples, timeDeltas: [900, 100, 300, 200, 50, 50, 300] }, sourceOf)).toEqual([
    { where: "worker/a.ts → exec", share: 0.6 },
    { where: "hono", share: 0.2 },
    { where: "worker/a.ts", share: 0.1 },
    { where: "hono → exec", share: 0.05 },
    { where: "garbage collection", share: 0.05 },
  ]);
});
