import { preact } from "@preact/preset-vite";
import { defineConfig, type Plugin } from "vite";

/** The LIFF SDK is one file; without the word it would be torn into what sharing needs of it as well, and the rest. */
const LINE_SDK = /node_modules\/(?:@liff|@line|tslib|tiny-sha256)\//;
/** What of it is loaded by who shares. */
const SHARING = /\/(?:share-target-picker|permission|get-profile|analytics|window-postmessage)\b/;

const LINE_CHUNKS = ["line", "line-sdk", "rolldown-runtime"];

/**
 * The LIFF SDK is asked for as soon as the page's own script runs; named in the HTML it travels beside that script instead of after it.
 */
function preloadLine(): Plugin {
  return {
    name: "kuji:preload-line",
    transformIndexHtml: {
      order: "post",
      handler: (_html, { bundle }) =>
        Object.values(bundle ?? {})
          .filter((file) => file.type === "chunk" && LINE_CHUNKS.includes(file.name))
          .map((file) => ({
            tag: "link",
            attrs: { rel: "modulepreload", crossorigin: true, href: `/${file.fileName}` },
            injectTo: "head",
          })),
    },
  };
}

/** Vite wraps each `import()` in a loader of styles and of further chunks. Ours have neither, and the loader weighs more than some of them. */
function plainImports(): Plugin {
  return {
    name: "kuji:plain-imports",
    enforce: "pre",
    load: { filter: { id: /vite\/preload-helper/ }, handler: () => "export const __vitePreload = (load) => load();" },
  };
}

/** `--mode development` builds the page that plays against a stand-in for LINE; without it nothing of that is in the output. */
export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: ["chrome105", "safari15.4"],
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "line-sdk", test: (id) => LINE_SDK.test(id) && !SHARING.test(id) }] } },
    },
  },
  plugins: [preact({ reactAliasesEnabled: false, prefreshEnabled: false }), preloadLine(), plainImports()],
});
