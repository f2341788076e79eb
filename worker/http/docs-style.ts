/** The stylesheet of `/docs`. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#fffdf9, #14110f);
  --raised: light-dark(#fbf6ec, #1c1815);
  --ink: light-dark(#2b1a16, #f3ece3);
  --soft: light-dark(#6b5a52, #b3a69c);
  --rule: light-dark(#eadfce, #342c27);
  --accent: light-dark(#b00f28, #f2929b);
  --code: light-dark(#f5ecdd, #28211d);
  --get: light-dark(#146c4a, #7fd6ad);
  --post: light-dark(#8a5300, #ecbc6a);
  --put: light-dark(#2f55a4, #9dbcf7);
  --delete: light-dark(#b00f28, #f2929b);
  --mono: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Noto Sans Mono", monospace;
}
*, ::before, ::after { box-sizing: border-box; }
html { scroll-padding-top: 72px; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.6 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; -webkit-font-smoothing: antialiased; }
h1, h2, h3, h4, p, ul, ol, dl, dd { margin: 0; padding: 0; }
ul, ol { list-style: none; }
a { color: inherit; text-decoration-color: color-mix(in srgb, currentcolor 35%, transparent); text-underline-offset: 3px; }
a:hover { color: var(--accent); }
:focus-visible { border-radius: 4px; outline: 2px solid var(--accent); outline-offset: 2px; }
code { font: 500 0.875em/1.5 var(--mono); }
p code, dd code { overflow-wrap: anywhere; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 16px; top: 12px; z-index: 2; padding: 8px 16px; background: var(--ink); color: var(--page); }

.contents { position: sticky; top: 0; z-index: 1; display: flex; align-items: center; height: 56px; border-bottom: 1px solid var(--rule); background: var(--page); }
.brand { flex: none; padding: 0 12px 0 20px; color: var(--accent); font-weight: 800; letter-spacing: -0.01em; text-decoration: none; }
.brand span { display: none; }
.contents__first { display: flex; gap: 4px; overflow-x: auto; padding: 4px 12px 4px 4px; scrollbar-width: none; }
.contents__first a { display: block; padding: 8px; color: var(--soft); font-size: 14px; font-weight: 600; text-decoration: none; }
.contents__tag { order: -1; }
.contents__calls { display: none; }

main { padding: 40px 20px 96px; }
main > * { max-width: 808px; margin-inline: auto; }
.masthead__eyebrow { color: var(--soft); font-size: 13px; font-weight: 600; letter-spacing: 0.02em; }
h1 { margin: 4px 0 8px; font-size: 48px; font-weight: 800; line-height: 1.1; letter-spacing: -0.03em; }
.lead { max-width: 62ch; color: var(--soft); font-size: 17px; }
.facts { display: flex; flex-wrap: wrap; gap: 16px 48px; margin-top: 24px; }
.facts dt { color: var(--soft); font-size: 13px; }
.facts dd { font-weight: 600; overflow-wrap: anywhere; }

.group { padding-top: 72px; }
.group > h2 { margin-bottom: 12px; font-size: 30px; font-weight: 800; line-height: 1.2; letter-spacing: -0.02em; }
.schemes { display: grid; gap: 20px; }
.scheme { padding: 20px; border-radius: 12px; background: var(--raised); scroll-margin-top: 72px; }
.scheme dt { font-weight: 700; }
.scheme p + p { margin-top: 8px; color: var(--soft); font-size: 15px; }
.scheme:target { box-shadow: inset 3px 0 var(--accent); }

.index { display: grid; }
.index a { display: grid; grid-template-columns: 56px 1fr; gap: 8px; align-items: baseline; padding: 6px 0; font-size: 14px; line-height: 1.4; text-decoration: none; }
.group__calls { padding: 12px 20px; border-radius: 12px; background: var(--raised); }
.group__calls a { padding: 9px 0; font-size: 15px; }

.method { font: 700 11px/1.6 var(--mono); letter-spacing: 0.02em; color: var(--soft); }
.method--get { color: var(--get); }
.method--post { color: var(--post); }
.method--put { color: var(--put); }
.method--delete { color: var(--delete); }

.call { margin-top: 40px; padding-top: 40px; border-top: 1px solid var(--rule); }
.call h3 { font-size: 21px; font-weight: 700; line-height: 1.35; letter-spacing: -0.01em; text-wrap: balance; }
.call h3 a { text-decoration: none; }
.call:target h3 a { color: var(--accent); }
.address { display: flex; gap: 12px; align-items: baseline; margin-top: 12px; padding: 12px 16px; border-radius: 10px; background: var(--code); }
.address code { font-size: 14px; font-weight: 600; overflow-wrap: anywhere; }
.address .method { font-size: 13px; }
.address var { color: var(--soft); font-style: normal; font-weight: 500; }
.call__more, .whole { margin-top: 12px; color: var(--soft); }
.whole { display: flex; flex-wrap: wrap; gap: 0 8px; align-items: baseline; }
.auth { margin-top: 12px; font-size: 14px; font-weight: 600; }
.auth__open { color: var(--soft); font-weight: 500; }
h4 { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: baseline; margin-top: 32px; font-size: 15px; font-weight: 700; }
h4 .aside { color: var(--soft); font: 500 13px/1.5 var(--mono); }
h4 + .call__more { margin-top: 4px; }
.status { font: 700 13px/1.6 var(--mono); color: var(--accent); }
.status--good { color: var(--get); }

.fields { margin-top: 12px; border-top: 1px solid var(--rule); }
.fields > li { border-bottom: 1px solid var(--rule); }
.field { display: grid; gap: 2px; padding: 12px 0; }
.field__name { display: flex; flex-wrap: wrap; gap: 0 10px; align-items: baseline; }
.field__name code { font-size: 14px; font-weight: 700; overflow-wrap: anywhere; }
.required { color: var(--accent); font-size: 12px; font-weight: 600; }
.field__what { min-width: 0; color: var(--soft); font-size: 15px; line-height: 1.55; }
.type { font: 500 13px/1.6 var(--mono); }
.field__what .type { color: var(--ink); }
.place { margin-left: 10px; font-size: 13px; }
.values { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 6px; }
.values code { padding: 1px 7px; border-radius: 6px; background: var(--code); color: var(--ink); font-size: 12.5px; }
.limits { display: block; font-size: 13px; overflow-wrap: anywhere; }
.limits + .limits { margin-top: 2px; }
.fields .fields { margin: 0 0 12px 4px; padding-left: 16px; border-top: 0; border-left: 2px solid var(--rule); }
.fields .fields > li:last-child { border-bottom: 0; }
.fields .fields .field { padding-block: 8px; }
.variant { margin-top: 20px; color: var(--soft); font-size: 14px; font-weight: 700; }

.refusals { margin-top: 12px; border-top: 1px solid var(--rule); }
.refusals > div { display: grid; grid-template-columns: 56px 1fr; padding: 10px 0; border-bottom: 1px solid var(--rule); }
.refusals p { font-size: 15px; }
.refusals p + p { margin-top: 4px; }
.refusals p code { margin-right: 6px; font-size: 13.5px; font-weight: 600; }
.refusals p span { color: var(--soft); }

@media (min-width: 720px) {
  .field { grid-template-columns: minmax(0, 240px) minmax(0, 1fr); gap: 24px; }
  .fields .fields .field { grid-template-columns: minmax(0, 218px) minmax(0, 1fr); }
  .field__name { align-content: start; }
  .scheme { display: grid; grid-template-columns: 200px minmax(0, 1fr); gap: 24px; }
}
@media (min-width: 1040px) {
  html { scroll-padding-top: 32px; }
  body { display: grid; grid-template-columns: 304px minmax(0, 1fr); }
  .contents { display: block; height: 100vh; overflow-y: auto; padding: 40px 20px 40px 28px; border: 0; border-right: 1px solid var(--rule); background: var(--raised); scrollbar-width: thin; }
  .brand { display: flex; justify-content: space-between; align-items: baseline; padding: 0 0 20px; font-size: 20px; }
  .brand span { display: inline; color: var(--soft); font-size: 13px; font-weight: 500; letter-spacing: 0; }
  .contents__first { display: grid; gap: 0; padding: 0; }
  .contents__first a { padding: 4px 0; }
  .contents__tag { display: none; }
  .contents__calls { display: block; }
  .contents__calls h2 { margin: 28px 0 6px; font-size: 14px; font-weight: 700; }
  .contents__calls h2 a { text-decoration: none; }
  .contents__calls .index a { grid-template-columns: 48px 1fr; color: var(--soft); }
  .contents__calls .index a:hover { color: var(--accent); }
  .group__calls { display: none; }
  main { padding: 72px 56px 128px; }
  .call:first-of-type { margin-top: 20px; }
  .scheme, .call { scroll-margin-top: 0; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`;
