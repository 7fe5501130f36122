// How the page is bundled, for the package and for its tests alike. What an empty chat needs is `chat.js`, small enough to be
// there at once; `markdown.js` follows after the first paint; `shared.js` is what both import.

import type { BuildOptions } from "esbuild";

/** Files for one output folder. */
export const PAGE_BUNDLE = {
  bundle: true,
  // The page is small only when it is minified, and is measured so: it is built as it ships, always.
  minify: true,
  entryPoints: { chat: "media/chat.tsx", markdown: "media/markdown/markdown-view.ts" },
  // Modules, of which one can be loaded late. The page names the shared one ahead: a second one would fail the build.
  format: "esm",
  splitting: true,
  chunkNames: "shared",
  assetNames: "[name]",
  platform: "browser",
  target: ["chrome138"],
  jsx: "automatic",
  jsxImportSource: "preact",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".ttf": "copy", ".svg": "text" },
  legalComments: "none",
} as const satisfies BuildOptions;
