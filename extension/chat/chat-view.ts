// The chat view in the side bar: a page, and the port to it. The chat itself is loaded when the view is first opened.

import * as vscode from "vscode";
import type { FromWebview, ToWebview } from "../../media/protocol.ts";
import { type Disposable, DisposableStore } from "../dispose.ts";
import { Emitter } from "../event.ts";
import { chatHtml } from "./chat-html.ts";
import type { ChatPort } from "./chat-port.ts";
import { isFromWebview } from "./webview-messages.ts";

export const CHAT_VIEW = "parley.chat";

/** Registers the view. `connect` is given a port each time a page is made. */
export function registerChatView(extensionUri: vscode.Uri, connect: (port: ChatPort) => void): Disposable {
  const media = vscode.Uri.joinPath(extensionUri, "dist", "media");
  return vscode.window.registerWebviewViewProvider(CHAT_VIEW, {
    resolveWebviewView: (view) => {
      const { webview } = view;
      webview.options = { enableScripts: true, localResourceRoots: [media] };
      const port = new ViewPort(view);
      const address = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(media, file)).toString();
      webview.html = chatHtml({
        script: address("chat.js"),
        imports: [address("shared.js")],
        styles: [address("codicon.css"), address("chat.css")],
        cspSource: webview.cspSource,
        nonce: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex"),
        language: vscode.env.language,
      });
      connect(port);
    },
  });
}

class ViewPort implements ChatPort {
  readonly #view: vscode.WebviewView;
  readonly #store = new DisposableStore();
  readonly #messages = this.#store.add(new Emitter<FromWebview>());
  readonly #visibility = this.#store.add(new Emitter<boolean>());
  readonly #end = new Emitter<void>();
  /** Null once somebody listens. */
  #early: FromWebview[] | null = [];

  readonly onDidChangeVisibility = this.#visibility.event;
  readonly onDidEnd = this.#end.event;

  constructor(view: vscode.WebviewView) {
    this.#view = view;
    this.#store.add(
      view.webview.onDidReceiveMessage((message: unknown) => {
        if (!isFromWebview(message)) return;
        if (this.#early === null) this.#messages.fire(message);
        else this.#early.push(message);
      }),
    );
    this.#store.add(view.onDidChangeVisibility(() => this.#visibility.fire(view.visible)));
    this.#store.add(view.onDidDispose(() => this.dispose()));
  }

  readonly onMessage = (listener: (message: FromWebview) => void): Disposable => {
    const early = this.#early ?? [];
    this.#early = null;
    const registration = this.#messages.event(listener);
    for (const message of early) listener(message);
    return registration;
  };

  get visible(): boolean {
    return !this.#store.isDisposed && this.#view.visible;
  }

  post(message: ToWebview): void {
    if (!this.#store.isDisposed) void this.#view.webview.postMessage(message);
  }

  reveal(): void {
    if (!this.#store.isDisposed) this.#view.show(false);
  }

  dispose(): void {
    if (this.#store.isDisposed) return;
    this.#store.dispose();
    this.#end.fire();
  }
}
