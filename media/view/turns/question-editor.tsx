import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { EditedQuestion } from "../../state/chat-store.ts";
import { text } from "../../strings.ts";
import { Button } from "../button.tsx";
import { useChat } from "../chat-context.ts";

/** A text field that has the focus as soon as it is there, with the caret after what stands in it. */
function useFocusAtEnd(): RefObject<HTMLTextAreaElement | null> {
  const input = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const { current } = input;
    current?.focus();
    current?.setSelectionRange(current.value.length, current.value.length);
  }, []);
  return input;
}

/** An earlier question to be put in other words: sent beside the old one, which stays. */
export function QuestionEditor({ edited }: { readonly edited: EditedQuestion }) {
  const { store } = useChat();
  const input = useFocusAtEnd();
  const answering = store.answering.value !== null;
  const close = (): void => {
    store.editing.value = null;
    store.focusRequests.value += 1;
  };
  const send = (): void => {
    const words = (input.current?.value ?? "").trim();
    if (words === "" || store.answering.peek() !== null) return;
    store.sendEdit(edited, words);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      // Elsewhere it would stop an answer.
      event.preventDefault();
      event.stopPropagation();
      close();
    }
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="question-editor"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={input}
        class="question-input"
        dir="auto"
        aria-label={text("editQuestion")}
        defaultValue={edited.text}
        onInput={(event) => {
          // The page may be shown anew meanwhile.
          store.editing.value = { ...edited, text: event.currentTarget.value };
        }}
        onKeyDown={onKeyDown}
      />
      <div class="question-editor-actions">
        <span class="hint">{answering ? text("cannotChangeAnswering") : text("editHint")}</span>
        <span class="buttons">
          <Button onPress={close}>{text("cancel")}</Button>
          <Button kind="primary" onPress={send}>
            {text("send")}
          </Button>
        </span>
      </div>
    </form>
  );
}
