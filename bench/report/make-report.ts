import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../scripts/wrangler.ts";
import { costSection } from "./sections/cost.ts";
import { issueSection } from "./sections/issue.ts";
import { loadSection } from "./sections/load.ts";
import { pageSection } from "./sections/page.ts";
import { peersSection } from "./sections/peers.ts";
import { profileSection } from "./sections/profile.ts";
import { scaleSection } from "./sections/scale.ts";
import type { Section } from "./section.ts";

const SECTIONS: readonly (() => Promise<Section | null>)[] = [
  peersSection,
  issueSection,
  profileSection,
  loadSection,
  costSection,
  scaleSection,
  pageSection,
];

const HEAD = `<!-- Made of bench/results by npm run bench:report: change what it is made of, not this. -->

# Benchmarks

What the commands print, and on what. The machine is shared with others whose load cannot be seen from here: a rate changes with whatever else it does, so what is
to be compared was measured in one run, taking turns, and is given as a ratio. A figure that is not here was not measured.`;

export const REPORT = join(ROOT, "BENCHMARKS.md");

export interface Report {
  /** Formatted as the repo's other files. */
  readonly markdown: string;
  /** SVG by file name, without its ending. */
  readonly plots: Readonly<Record<string, string>>;
}

/** The report of all that was kept. */
export async function makeReport(): Promise<Report> {
  const sections: Section[] = [];
  for (const make of SECTIONS) {
    const section = await make();
    if (section !== null) sections.push(section);
  }
  const parts = sections.flatMap(({ title, body }) => [`## ${title}`, ...body]);
  return {
    markdown: format(`${[HEAD, ...parts].join("\n\n")}\n`),
    plots: Object.assign({}, ...sections.map(({ plots = {} }) => plots)) as Report["plots"],
  };
}

function format(markdown: string): string {
  return execFileSync(join(ROOT, "node_modules/.bin/oxfmt"), [`--stdin-filepath=${REPORT}`], {
    cwd: ROOT,
    input: markdown,
    encoding: "utf8",
  });
}
