// The chat as it reaches a page, whatever holds that page: a view in the side bar, later a tab or a window of its own.

import type { FromWebview, ToWebview } from "../../media/protocol.ts";
import type { Disposable } from "../dispose.ts";
import type { Event } from "../event.ts";

export interface ChatPort extends Disposable {
  /** Queued by the editor while the page is hidden or not yet there; so nothing of unbounded size or number may be posted then. */
  post(message: ToWebview): void;
  /** Messages that arrive before the first listener wait for it. */
  readonly onMessage: Event<FromWebview>;
  readonly visible: boolean;
  readonly onDidChangeVisibility: Event<boolean>;
  /** The page is gone for good; another port will come if the view is opened again. */
  readonly onDidEnd: Event<void>;
  /** Brings the view to the front. */
  reveal(): void;
}
