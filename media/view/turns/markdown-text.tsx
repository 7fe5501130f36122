import { effect } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { TextView } from "../../markdown/late-markdown.ts";
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
  const { frames, markdown } = useChat();
  const root = useRef<HTMLDivElement>(null);
  const settled = useRef(onSettled);
  settled.current = onSettled;
  useLayoutEffect(() => {
    let view: TextView | null = null;
    markdown.load();
    // As an effect of the signals it runs within the frame in which events are applied, and the text is shown in that frame.
    const end = effect(() => {
      const make = markdown.make.value;
      const { text, complete } = source.value;
      if (make === null || root.current === null) return;
      view ??= make(root.current, frames, () => settled.current?.());
      view.show(text, complete);
    });
    return () => {
      end();
      view?.dispose();
    };
  }, [source, markdown, frames]);
  return <div class="markdown" ref={root} />;
}
