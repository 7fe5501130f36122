// The page's side of the editor: messages out, messages in, and the little state that survives the page.

import type { FromWebview, ToWebview } from "../protocol.ts";

/** Kept by the editor while the page is taken down and built again, as happens each time the view is hidden. */
export interface PageState {
  readonly session: string | null;
  readonly draft: string;
  readonly scroll: SavedScroll;
}

/** At the end, or with a message's upper edge so many CSS pixels below the upper edge of the view. */
export type SavedScroll = "end" | { readonly message: string; readonly offset: number };

interface EditorApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare global {
  /** Given to a webview by VS Code; may be called once. */
  function acquireVsCodeApi(): EditorApi;
}

export class HostApi {
  readonly #editor = acquireVsCodeApi();

  post(message: FromWebview): void {
    this.#editor.postMessage(message);
  }

  listen(receive: (message: ToWebview) => void): void {
    window.addEventListener("message", ({ data }: MessageEvent<ToWebview>) => {
      receive(data);
    });
  }

  savedState(): PageState | null {
    const state: unknown = this.#editor.getState();
    return isPageState(state) ? state : null;
  }

  saveState(state: PageState): void {
    this.#editor.setState(state);
  }
}

/** State of another version of the page is as good as none. */
function isPageState(state: unknown): state is PageState {
  if (!isObject(state)) return false;
  const { session, draft, scroll }: Partial<Record<keyof PageState, unknown>> = state;
  if ((session !== null && typeof session !== "string") || typeof draft !== "string") return false;
  return scroll === "end" || (isObject(scroll) && typeof scroll["message"] === "string" && typeof scroll["offset"] === "number");
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null;
