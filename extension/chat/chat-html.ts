// The page that the chat view starts from: a policy that lets nothing in from outside, the script, the styles.

export interface ChatPage {
  /** Addresses that the webview may load, as it wrote them itself. */
  readonly script: string;
  /** What the script imports: fetched along with it, not after it. */
  readonly imports: readonly string[];
  readonly styles: readonly string[];
  /** The webview's own origin, in the form of a content security policy. */
  readonly cspSource: string;
  /** New for each page; what does not carry it is not run. */
  readonly nonce: string;
  /** The language of the editor, such as `en` or `pt-br`. */
  readonly language: string;
}

/**
 * No image, font, style, script, frame or request leads out of the machine: what a model writes cannot tell anybody that it
 * was read, and could not run even if it came through the sanitiser.
 */
export function chatHtml({ script, imports, styles, cspSource, nonce, language }: ChatPage): string {
  const policy = [
    "default-src 'none'",
    `img-src ${cspSource} data:`,
    `font-src ${cspSource}`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const links = styles.map((style) => `<link rel="stylesheet" nonce="${nonce}" href="${attribute(style)}">`).join("\n    ");
  const preloads = imports.map((module) => `<link rel="modulepreload" nonce="${nonce}" href="${attribute(module)}">`).join("\n    ");
  return `<!DOCTYPE html>
<html lang="${attribute(language)}">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Parley</title>
    ${links}
    ${preloads}
    <script type="module" nonce="${nonce}" src="${attribute(script)}"></script>
  </head>
  <body>
    <!-- The title bar of a view has the actions that the page brings along in other places. -->
    <div id="root" data-place="view"></div>
  </body>
</html>
`;
}

function attribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
