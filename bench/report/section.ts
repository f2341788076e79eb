import type { Circumstances } from "../keep-result.ts";

/** A part of the report; null where nothing was measured for it yet. */
export interface Section {
  readonly title: string;
  /** Markdown, a paragraph or a table each. */
  readonly body: readonly string[];
  /** SVG by file name; the body names them by `plot`. */
  readonly plots?: Readonly<Record<string, string>>;
}

/** Where plots stand, from the root. */
export const PLOTS = "bench/results/plots";

export function plot(name: string, alt: string): string {
  return `![${alt}](${PLOTS}/${name}.svg)`;
}

/** A table; columns of figures stand to the right. */
export function markdownTable(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const isFigure = heading.map((_, column) => rows.length > 0 && rows.every((row) => /^[\d–≥≤]/.test(String(row[column] ?? "–"))));
  const line = (cells: readonly (string | number)[]) => `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heading), line(isFigure.map((right) => (right ? "--:" : "---"))), ...rows.map(line)].join("\n");
}

export function whole(value: number | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value) ? "–" : Math.round(value).toLocaleString("en-US");
}

export function fixed(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(digits);
}

/** When, of what and by which command a result was had. */
export function circumstancesLine({ command, at, commit }: Circumstances): string {
  return `\`${command}\`, ${at.slice(0, 10)}, commit ${commit}.`;
}

/** Whether a target is met, as a cell: empty where there is none. */
export function verdict(value: number, target: number | null): string {
  if (target === null) return "–";
  return value >= target ? `≥ ${target}` : `**below ${target}**`;
}
