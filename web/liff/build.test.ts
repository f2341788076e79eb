import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const KB = 1_000;
/** What a phone on a train loads before the card can be touched, gzipped. */
const FIRST_SCRIPT_BYTES = 45 * KB;
const OUR_SCRIPT_BYTES = 12 * KB;
const STYLE_BYTES = 10 * KB;

type Output = Rolldown.RolldownOutput["output"];

/** Builds the page in memory; `external` leaves a library out, to weigh what is left. */
async function built(mode: "production" | "development", external: RegExp[] = []): Promise<Output> {
  const result = await build({
    configFile: join(import.meta.dirname, "vite.config.ts"),
    mode,
    logLevel: "silent",
    build: { write: false, rolldownOptions: { external } },
  });
  return (result as Rolldown.RolldownOutput).output;
}
const weigh = (output: Output, name: (fileName: string) => boolean) =>
  output
    .filter(({ fileName }) => name(fileName))
    .reduce((sum, file) => sum + gzipSync(file.type === "chunk" ? file.code : file.source, { level: 9 }).length, 0);
/** The page, LINE and its SDK, and one language. */
const isFirst = (fileName: string) => /\/(index|line|line-sdk|rolldown-runtime|zh-TW)-[^/]+\.js$/.test(fileName);
const isEntry = (fileName: string) => /\/index-[^/]+\.js$/.test(fileName);

describe("the page that is shipped", () => {
  const nodeEnv = process.env["NODE_ENV"];
  let production: Output;

  beforeAll(async () => {
    process.env["NODE_ENV"] = "production";
    production = await built("production");
  });
  afterAll(() => {
    process.env["NODE_ENV"] = nodeEnv;
  });

  test("knows nothing of the stand-ins of development", async () => {
    const words = (output: Output) => output.map((file) => (file.type === "chunk" ? file.code : file.source)).join("\n");
    expect(words(production)).not.toMatch(/sandbox|mock|stand-in/i);
    // And the words would be found if they were there.
    expect(words(await built("development"))).toMatch(/sandbox.*mock|mock.*sandbox/is);
  });

  test("loads at most 45 KB of script first, 12 KB of it ours, and 10 KB of style", async () => {
    const ours = weigh(await built("production", [/^preact/]), isEntry);
    const first = weigh(production, isFirst);
    const style = weigh(production, (fileName) => fileName.endsWith(".css"));
    console.log(`first script ${first} B (ours ${ours} B), style ${style} B, gzipped`);
    expect(first).toBeLessThanOrEqual(FIRST_SCRIPT_BYTES);
    expect(ours).toBeLessThanOrEqual(OUR_SCRIPT_BYTES);
    expect(style).toBeLessThanOrEqual(STYLE_BYTES);
  });

  test("waits for nothing else: what it loads first imports nothing that comes later", () => {
    const first = production.flatMap((file) => (file.type === "chunk" && isFirst(file.fileName) ? file.imports : []));
    expect(first.filter((fileName) => !isFirst(fileName))).toEqual([]);
  });

  test("names every script that the first look needs in its HTML, and nobody else's", () => {
    const html = production.find(({ fileName }) => fileName === "index.html");
    const text = html?.type === "asset" ? String(html.source) : "";
    for (const chunk of ["index", "line", "line-sdk", "rolldown-runtime"])
      expect(text).toMatch(new RegExp(`href="/assets/${chunk}-|src="/assets/${chunk}-`));
    expect(text).not.toMatch(/(?:src|href)="https?:/);
  });
});
