import type { ProfileResult } from "../../profile/self-time.ts";
import { readResult } from "../../read-result.ts";
import { circumstancesLine, fixed, markdownTable, whole } from "../section.ts";
import type { Section } from "../section.ts";

/** Lines of a table: what comes after is in the result. */
const LARGEST = 14;

/** Which files the time of a signed draw is spent in. */
export async function profileSection(): Promise<Section | null> {
  const result = await readResult<ProfileResult>("profile");
  if (result === null) return null;
  return {
    title: "Where the time of a draw goes",
    body: [
      `${circumstancesLine(result)} The share of each file's or package's own functions in the time that the isolate was at work, the settlement of what was drawn in it; \`→\` stands before a
function of the runtime that a file called: \`exec\` is SQLite. What other isolates of the same thread take, D1 and the queues among them, is not in it.`,
      ...result.profiled.flatMap(({ name, drawsPerSecond, shares }) => [
        `${name}, at ${whole(drawsPerSecond)} draws/s with the profiler at work:`,
        markdownTable(
          ["%", "in"],
          shares.slice(0, LARGEST).map(({ where, share }) => [fixed(share * 100, 1), where]),
        ),
      ]),
    ],
  };
}
