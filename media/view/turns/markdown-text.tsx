import { useSignalEffect } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { MarkdownView } from "../../markdown/markdown-view.ts";
import { useChat } from "../chat-context.ts";

export interface MarkdownSource {
  readonly text: string;
  /** Nothing more comes. */
  readonly complete: boolean;
}

interface MarkdownTextProps {
  readonly source: ReadonlySignal<MarkdownSource>;
  /** Called each time all of a complete text is on the page. */
  readonly onSettled?: () => void;
}

/** Markdown that may still grow. Its nodes belong to a `MarkdownView`, not to the page's components. */
export function MarkdownText({ source, onSettled }: MarkdownTextProps) {
  const { frames } = useChat();
  const root = useRef<HTMLDivElement>(null);
  const view = useRef<MarkdownView | null>(null);
  const settled = useRef(onSettled);
  settled.current = onSettled;
  // Declared before the effect that shows the text: it runs first.
  useLayoutEffect(() => {
    if (root.current !== null) view.current ??= new MarkdownView(root.current, frames, () => settled.current?.());
    view.current?.show(source.peek().text, source.peek().complete);
  }, [source]);
  // As an effect of the signal it runs within the frame in which events are applied, and the text is shown in that frame.
  useSignalEffect(() => {
    view.current?.show(source.value.text, source.value.complete);
  });
  useEffect(
    () => () => {
      view.current?.dispose();
      view.current = null;
    },
    [],
  );
  return <div class="markdown" ref={root} />;
}
