import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/wrangler.ts";
import { makeReport, REPORT } from "./make-report.ts";
import { PLOTS } from "./section.ts";

test("BENCHMARKS.md and its plots are what npm run bench:report makes of the results kept", { timeout: 60_000 }, async () => {
  const { markdown, plots } = await makeReport();
  expect(await readFile(REPORT, "utf8")).toBe(markdown);
  const drawn = await readdir(join(ROOT, PLOTS));
  expect(drawn.toSorted()).toEqual(
    Object.keys(plots)
      .map((name) => `${name}.svg`)
      .toSorted(),
  );
  for (const [name, svg] of Object.entries(plots)) expect(svg).toBe(await readFile(join(ROOT, PLOTS, `${name}.svg`), "utf8"));
});
