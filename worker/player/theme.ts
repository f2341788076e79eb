export const COVERS = ["gold", "silver", "green", "red"] as const;
/** The metal of the foil. */
export type Cover = (typeof COVERS)[number];

/** The shades of a metal, from where the light falls on it to where it does not; `ink` is what is printed on it. */
export interface Metal {
  readonly glint: string;
  readonly light: string;
  readonly mid: string;
  readonly dark: string;
  readonly ink: string;
}

export const METALS: Readonly<Record<Cover, Metal>> = {
  gold: { glint: "#fff6d2", light: "#f4d98a", mid: "#dcb353", dark: "#b5842a", ink: "#6b4508" },
  silver: { glint: "#f9fbfc", light: "#d9dfe4", mid: "#b3bcc5", dark: "#7b8691", ink: "#37414b" },
  green: { glint: "#e6fff0", light: "#a5e8bf", mid: "#5fc78a", dark: "#2f9860", ink: "#0b4a2a" },
  red: { glint: "#ffd8cc", light: "#ee8a7b", mid: "#cf463d", dark: "#93201f", ink: "#4d0909" },
};

/** The themes that are shipped: red and gold, and LINE's green. */
const BASES = {
  festival: { accent: "#c8102e", background: "#fff7e6", cover: "gold" },
  line: { accent: "#06c755", background: "#f2faf4", cover: "silver" },
} as const satisfies Readonly<Record<string, { readonly cover: Cover } & Readonly<Record<"accent" | "background", string>>>>;

export interface ChosenTheme {
  readonly base?: keyof typeof BASES | undefined;
  readonly accent?: string | undefined;
  readonly background?: string | undefined;
  readonly cover?: Cover | undefined;
  readonly image?: string | undefined;
}

/** WCAG 2.2, 1.4.3: text against what is behind it. */
export const AA_CONTRAST = 4.5;
const SHADE_STEP = 0.04;

export interface Theme {
  readonly cover: Cover;
  readonly metal: Metal;
  /** CSS custom properties; those in `…-light` and `…-dark` are for the two colour schemes. */
  readonly properties: Readonly<Record<string, string>>;
  /** A picture of the campaign. */
  readonly image?: string;
}

/** Dresses the page in the campaign's colours. Whatever an operator chooses, every text keeps AA contrast. */
export function themeOf(chosen: ChosenTheme): Theme {
  const base = BASES[chosen.base ?? "festival"];
  const { accent = base.accent, background = base.background, cover = base.cover, image } = chosen;
  const metal = METALS[cover];

  // An operator's background may be dark as well: what lies on it is then darker still, for the ink on all of it is one.
  const isLight = poleFor(background) === "#000000";
  const away = isLight ? "#ffffff" : "#000000";
  const inkOnLight = mix(accent, isLight ? "#1c1512" : "#ffffff", 0.86);
  const lit = mix(accent, "#ffffff", 0.15);
  const dark = mix(mix(accent, "#000000", 0.8), "#181412", 0.55);
  const paper = mix("#ffffff", background, isLight ? 0.35 : 0.06);
  // The rays behind a prize: in the metal, or in the accent where the metal has no colour.
  const ray = cover === "silver" ? mix(paper, accent, 0.18) : mix(paper, metal.light, 0.46);
  const tint = mix(paper, accent, 0.1);
  const papers = [paper, ray, tint, "#ffffff"] as const;
  // White is written on it, over lines that are lighter than it is: they cost a tenth of the contrast.
  const band = readable(accent, "#f4f4f4");

  return {
    cover,
    metal,
    ...(image === undefined ? {} : { image }),
    properties: {
      ...named("", "-light", schemeOf(background, mix(background, away, 0.75), mix(background, away, 0.66), inkOnLight, accent)),
      ...named("", "-dark", schemeOf(dark, mix(dark, accent, 0.24), mix(dark, "#f6efe6", 0.07), mix("#f6efe6", accent, 0.06), lit)),
      ...named("paper-", "", {
        ink: readable(mix(accent, "#1c1512", 0.86), ...papers),
        soft: readable(mix(mix(accent, "#1c1512", 0.8), paper, 0.28), ...papers),
        accent: readable(accent, ...papers),
        rule: mix(paper, mix(accent, "#1c1512", 0.5), 0.18),
        tint,
      }),
      ...named("metal-", "", metal),
      ...named("", "", { paper, ray, band, "band-deep": mix(band, "#000000", 0.34) }),
    },
  };
}

/** Colours by the names of their CSS custom properties. */
function named(before: string, after: string, colours: object): Record<string, string> {
  return Object.fromEntries(Object.entries(colours).map(([name, colour]) => [`--${before}${name}${after}`, colour as string]));
}

/** What the page is painted with (itself, the light that falls on it, and what is raised from it), and what is written and drawn on all of that. */
function schemeOf(page: string, glow: string, raised: string, wishedInk: string, accent: string) {
  const grounds = [page, glow, raised] as const;
  const ink = readable(wishedInk, ...grounds);
  return {
    page,
    glow,
    raised,
    ink,
    soft: readable(mix(ink, page, 0.3), ...grounds),
    accent: readable(accent, ...grounds),
    rule: mix(page, ink, 0.15),
  };
}

/** The colour itself, or the nearest darker (or, on dark grounds, lighter) shade of it that is readable on each of the grounds. */
export function readable(colour: string, ...grounds: readonly [string, ...string[]]): string {
  const pole = poleFor(grounds[0]);
  for (let share = 0; share < 1; share += SHADE_STEP) {
    const shade = mix(colour, pole, share);
    if (grounds.every((ground) => contrast(shade, ground) >= AA_CONTRAST)) return shade;
  }
  return pole;
}

/** Black or white: whichever is the more readable on this ground. */
function poleFor(ground: string): "#000000" | "#ffffff" {
  return contrast("#000000", ground) >= contrast("#ffffff", ground) ? "#000000" : "#ffffff";
}

/** `share` of `b` in `a`, as #rrggbb. */
export function mix(a: string, b: string, share: number): string {
  const [from, to] = [channels(a), channels(b)];
  return `#${from
    .map((value, i) =>
      Math.round(value + ((to[i] ?? 0) - value) * share)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

/** WCAG 2.2 contrast ratio, 1 to 21. */
export function contrast(a: string, b: string): number {
  const both = [luminance(a), luminance(b)];
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = channels(colour).map((value) => {
    const part = value / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}
