import { median } from "../../issue/summarize.ts";
import type { FrameFigures, Spread } from "../../page/frames.ts";
import type { Visit } from "../../page/visit.ts";
import { readResult } from "../../read-result.ts";
import { circumstancesLine, fixed, markdownTable, whole } from "../section.ts";
import type { Section } from "../section.ts";

interface PageResult {
  readonly rounds: readonly { readonly first: Visit; readonly again: Visit; readonly scratch: FrameFigures }[];
}

/** How soon a card can be touched, and how smoothly it is scratched. */
export async function pageSection(): Promise<Section | null> {
  const result = await readResult<PageResult>("page");
  if (result === null) return null;
  const { rounds } = result;
  const visitRow = (name: string, visits: readonly Visit[]) => {
    const of = (value: (visit: Visit) => number) => median(visits.map(value));
    const touchable = visits.map(({ touchableMs }) => touchableMs / 1_000);
    return [
      name,
      fixed(of(({ touchableMs }) => touchableMs) / 1_000, 2),
      `${fixed(Math.min(...touchable), 2)} to ${fixed(Math.max(...touchable), 2)}`,
      fixed(of(({ paintedMs }) => paintedMs) / 1_000, 2),
      whole(of(({ busyMs }) => busyMs)),
      fixed(of(({ bytes }) => bytes) / 1_000, 1),
      whole(of(({ requests }) => requests)),
    ];
  };
  const scratch = (value: (figures: FrameFigures) => number) => median(rounds.map((round) => value(round.scratch)));
  const part = (name: string, of: (figures: FrameFigures) => Spread) => [
    name,
    fixed(
      scratch((figures) => of(figures).medianMs),
      1,
    ),
    fixed(
      scratch((figures) => of(figures).p95Ms),
      1,
    ),
  ];
  return {
    title: "A card in a slow hand",
    body: [
      circumstancesLine(result),
      `Lighthouse's slow phone, a CPU slowed down four times, on slow 4G; the page as deployed, with LINE's own SDK, before a real app and signed in to LINE. Touchable is from
the navigation to the frame after the foil was drawn and listened to. Medians of ${rounds.length} rounds.`,
      markdownTable(
        ["", "touchable, s", "from – to", "painted, s", "main thread, ms", "kB", "requests"],
        [
          visitRow(
            "first visit",
            rounds.map(({ first }) => first),
          ),
          visitRow(
            "with cache",
            rounds.map(({ again }) => again),
          ),
        ],
      ),
      `Then a finger scratches the card on that phone. There is no graphics card here, so what is drawn is drawn by the processor too, in other threads; what the page is
answerable for is the main thread's work in a frame, of which there are 16.7 ms:`,
      markdownTable(
        ["in a frame", "median, ms", "p95, ms"],
        [
          part("script", ({ work }) => work.script),
          part("style and layout", ({ work }) => work.style),
          part("paint and commit", ({ work }) => work.paint),
          part("from frame to frame", ({ apart }) => apart),
        ],
      ),
      `Later than 16.7 ms: ${fixed(scratch(({ late }) => late) * 100, 1)} % of the frames; than 33 ms: ${fixed(scratch(({ veryLate }) => veryLate) * 100, 1)} %.`,
    ],
  };
}
