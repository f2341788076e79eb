import { preact } from "@preact/preset-vite";
import { defineConfig, type Plugin } from "vite";

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
          .filter((file) => file.type === "chunk" && file.name === "line")
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
    target: ["chrome100", "safari15.4"],
  },
  plugins: [preact({ reactAliasesEnabled: false, prefreshEnabled: false }), preloadLine(), plainImports()],
});
