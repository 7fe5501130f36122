// Serves the chat page as a webview shows it: the HTML and the policy of the extension, the variables, classes and default
// styles that VS Code adds in each theme, and a stand-in for the editor's API that keeps what the page posts.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { chatHtml } from "../../../extension/chat/chat-html.ts";
import { inClone } from "../../rig/places.ts";
import type { ServedFiles } from "./bundle.ts";

export const themes = ["dark-modern", "dark-2026", "light-modern", "light-2026", "high-contrast", "high-contrast-light"] as const;
export type ThemeName = (typeof themes)[number];

export interface Theme {
  readonly theme: string;
  readonly kind: string;
  readonly bodyClass: string;
  readonly defaults: string;
  readonly variables: Readonly<Record<string, string>>;
}

export interface PageServer {
  readonly origin: string;
  /** Paths that were asked for and are no file of the page: what an answer made the page reach for. */
  readonly strayRequests: readonly string[];
  pageUrl(options: PageOptions): string;
  /** A page of one word. */
  readonly floorUrl: string;
  close(): Promise<void>;
}

export interface PageOptions {
  readonly theme?: ThemeName;
  /** What is behind the page. */
  readonly place?: "sidebar" | "editor";
  /** State that the editor kept of a page before, as JSON. */
  readonly state?: unknown;
  /** Classes that VS Code adds to the body beside the theme's. */
  readonly classes?: string;
}

const NONCE = "0123456789abcdef";
const TYPES: Readonly<Record<string, string>> = { js: "text/javascript", css: "text/css", ttf: "font/ttf" };

export function readTheme(name: ThemeName): Theme {
  return JSON.parse(readFileSync(inClone("test/fixtures/themes", `${name}.json`), "utf8"));
}

export async function startPageServer(files: ServedFiles): Promise<PageServer> {
  const strayRequests: string[] = [];
  const server = createServer((request, response) => {
    answer(request, response, files, strayRequests);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server listens on no port.");
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    origin,
    strayRequests,
    floorUrl: `${origin}/floor`,
    pageUrl: (options) => `${origin}/page?options=${encodeURIComponent(JSON.stringify(options))}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, files: ServedFiles, strayRequests: string[]): void {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const name = url.pathname.slice(1);
  const file = files.get(name);
  if (name === "page") {
    const options: PageOptions = JSON.parse(url.searchParams.get("options") ?? "{}");
    response.setHeader("content-type", "text/html").end(pageHtml(options, url.searchParams.get("script") ?? "chat.js"));
  } else if (name === "floor") {
    response.setHeader("content-type", "text/html").end("<!DOCTYPE html><title>Floor</title><p>Words</p>");
  } else if (file !== undefined) {
    response.setHeader("content-type", TYPES[name.split(".").at(-1) ?? ""] ?? "application/octet-stream").end(file);
  } else {
    if (name !== "favicon.ico") strayRequests.push(url.pathname);
    response.writeHead(404).end();
  }
}

function pageHtml({ theme = "dark-modern", place = "sidebar", state = null, classes = "" }: PageOptions, script: string): string {
  const { variables, bodyClass, defaults, kind } = readTheme(theme);
  const declarations = Object.entries(variables).map(([name, value]) => `${name}: ${value};`);
  const background = place === "sidebar" ? "--vscode-sideBar-background" : "--vscode-editor-background";
  // VS Code puts its styles and variables there before the page's own policy holds.
  const around = `<style>:root { ${declarations.join(" ")} background: var(${background}); }</style><style id="_defaultStyles">${defaults}</style>`;
  const editor = `<script nonce="${NONCE}">
    window.posted = [];
    let state = ${JSON.stringify(state).replaceAll("<", "\\u003c")};
    window.acquireVsCodeApi = () => ({
      postMessage: (message) => { window.posted.push(structuredClone(message)); window.onPosted?.(message); },
      getState: () => state,
      setState: (next) => { state = structuredClone(next); window.savedState = state; return next; },
    });
  </script>`;
  return chatHtml({
    script,
    imports: script === "chat.js" ? ["shared.js"] : [],
    styles: ["codicon.css", "chat.css"],
    cspSource: "'self'",
    nonce: NONCE,
    language: "en",
  })
    .replace("<head>", `<head>${around}`)
    .replace('data-place="view"', `data-place="${place === "sidebar" ? "view" : "tab"}"`)
    .replace("<body>", `<body class="${bodyClass} ${classes}" data-vscode-theme-kind="${kind}">${editor}`);
}
