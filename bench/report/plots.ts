import { parse, View } from "vega";
import { compile } from "vega-lite";
import type { TopLevelSpec } from "vega-lite";

/** Colours that can be told apart on white and on black, and by people who see few (Okabe and Ito). */
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
const INK = "#7a7a7a";
const WIDTH = 620;
const BAR_STEP = 22;
const LINE_HEIGHT = 220;
const FONT = "system-ui, sans-serif";

const CONFIG = {
  background: "transparent",
  font: FONT,
  axis: {
    labelColor: INK,
    titleColor: INK,
    gridColor: "#88888840",
    domainColor: INK,
    tickColor: INK,
    labelFontSize: 12,
    titleFontSize: 12,
    labelLimit: 260,
  },
  legend: { labelColor: INK, titleColor: INK, labelFontSize: 12, labelLimit: 260, title: null, orient: "top" as const },
  view: { stroke: null },
  range: { category: COLOURS },
};

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Bars of one kind have one colour. */
  readonly kind: string;
}

/** Bars beside their names, in the order given, each with its value behind it. */
export async function bars(axis: string, values: readonly Bar[]): Promise<string> {
  const y = { field: "name", type: "nominal" as const, sort: null, axis: { title: null } };
  const x = { field: "value", type: "quantitative" as const, axis: { title: axis } };
  return await draw({
    width: WIDTH,
    height: { step: BAR_STEP },
    data: { values: [...values] },
    layer: [
      { mark: { type: "bar", cornerRadiusEnd: 3 }, encoding: { y, x, color: { field: "kind", type: "nominal", sort: null } } },
      {
        mark: { type: "text", align: "left", dx: 4, color: INK, font: FONT, fontSize: 12 },
        encoding: { y, x, text: { field: "value", type: "quantitative", format: ",.3~r" } },
      },
    ],
  });
}

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly line: string;
}

export interface Axes {
  readonly x: string;
  readonly y: string;
  /** Whether y grows by factors. */
  readonly log?: boolean;
}

export async function lines({ x, y, log = false }: Axes, points: readonly Point[]): Promise<string> {
  return await draw({
    width: WIDTH,
    height: LINE_HEIGHT,
    data: { values: [...points] },
    mark: { type: "line", strokeWidth: 2, interpolate: "linear" },
    encoding: {
      x: { field: "x", type: "quantitative", axis: { title: x } },
      y: { field: "y", type: "quantitative", axis: { title: y }, scale: { type: log ? "symlog" : "linear" } },
      color: { field: "line", type: "nominal", sort: null },
    },
  });
}

async function draw(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile({ ...spec, config: CONFIG }).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}
