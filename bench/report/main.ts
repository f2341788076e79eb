import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openTerminal } from "../../scripts/terminal.ts";
import { ROOT } from "../../scripts/wrangler.ts";
import { makeReport, REPORT } from "./make-report.ts";
import { PLOTS } from "./section.ts";

const terminal = openTerminal();
const { markdown, plots } = await makeReport();
const folder = join(ROOT, PLOTS);
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
for (const [name, svg] of Object.entries(plots)) await writeFile(join(folder, `${name}.svg`), svg);
await writeFile(REPORT, markdown);
terminal.say(`BENCHMARKS.md and ${Object.keys(plots).length} plots in ${PLOTS}`);
