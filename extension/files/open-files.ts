// Which files are open: a person's answer, not the editor's. Pure, over plain data; `tabs.ts` reads the tabs.

/** A tab, as far as it shows documents. Addresses are URIs as text. */
export type TabContent =
  | { readonly kind: "text" | "notebook"; readonly uri: string }
  | { readonly kind: "custom"; readonly uri: string; readonly viewType: string }
  | { readonly kind: "diff"; readonly original: string; readonly modified: string }
  /** Terminals, web pages, settings: nothing that could be read. */
  | { readonly kind: "other" };

/** What the editor shows as text though it is nobody's file. */
const NOT_FILES = new Set([
  "output",
  "vscode-settings",
  "vscode-userdata",
  "vscode-terminal",
  "vscode-interactive",
  "vscode-interactive-input",
  "walkThrough",
  "walkThroughSnippet",
  "debug",
  "comment",
  "search-editor",
  "vscode-chat-code-block",
  "chat-editing-text-model",
  "parley-result",
]);

/** Another version of a file, by source control: in a diff it stands for the file, on its own it is not what lies there. */
const VERSIONS = new Set(["git", "gitfs", "git-graph", "gitlens", "review", "pr", "vscode-local-history"]);

/** Viewers of pictures, sound and films: there is nothing in them that a text model could read. */
const MEDIA_VIEWS = /^(imagePreview\.|vscode\.(audio|video)Preview)/;

/**
 * The files of these tabs, in the order of the tabs, each once. Unsaved and untitled documents count; a diff counts as the
 * file it is about.
 */
export function openFiles(tabs: readonly TabContent[]): readonly string[] {
  return Array.from(new Set(tabs.flatMap(filesOf)));
}

function filesOf(tab: TabContent): readonly string[] {
  if (tab.kind === "other") return [];
  if (tab.kind === "diff") return [...sideOfDiff(tab.original, tab.modified), ...sideOfDiff(tab.modified, tab.original)];
  return tab.kind === "custom" && MEDIA_VIEWS.test(tab.viewType) ? [] : ownFile(tab.uri);
}

function ownFile(uri: string): readonly string[] {
  const scheme = schemeOf(uri);
  return NOT_FILES.has(scheme) || VERSIONS.has(scheme) ? [] : [uri];
}

/** A version of the file on the other side adds nothing. With versions on both sides, the file is the one they share. */
function sideOfDiff(side: string, other: string): readonly string[] {
  if (!VERSIONS.has(schemeOf(side))) return ownFile(side);
  return VERSIONS.has(schemeOf(other)) ? [`file://${pathOf(side)}`] : [];
}

function schemeOf(uri: string): string {
  return uri.slice(0, uri.indexOf(":"));
}

/** Without authority, query and fragment. */
function pathOf(uri: string): string {
  const [address = ""] = uri.slice(uri.indexOf(":") + 1).split(/[?#]/);
  return address.startsWith("//") ? address.slice(address.indexOf("/", 2)) : address;
}
