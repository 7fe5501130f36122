import { useEffect, useRef } from "preact/hooks";
import { MOST_QUEUED } from "../state/chat-store.ts";
import type { ChatStore } from "../state/chat-store.ts";
import { text } from "../strings.ts";
import { Button, Icon } from "./button.tsx";
import { useChat } from "./chat-context.ts";

/** Where questions are typed, the model is chosen, and an answer is stopped. */
export function Composer() {
  const chat = useChat();
  const { store } = chat;
  const input = useRef<HTMLTextAreaElement>(null);
  const draft = store.draft.value;
  const focusRequests = store.focusRequests.value;
  useEffect(() => {
    if (focusRequests > 0) input.current?.focus();
  }, [focusRequests]);
  const refusal = refusalOf(store);
  const send = (): void => {
    if (refusal !== undefined) return;
    if (store.answering.peek() === null) {
      chat.scroll.toEnd();
      store.send(draft.trim());
    } else store.lineUp(draft.trim());
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowUp" && draft === "" && !event.isComposing && store.editLast()) event.preventDefault();
    // While an input method composes, Enter takes its suggestion. Older engines tell it by the key code alone.
    if (event.key !== "Enter" || event.shiftKey || event.altKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={input}
        class="composer-input"
        rows={1}
        dir="auto"
        aria-label={text("composer")}
        placeholder={text(store.answering.value === null ? "placeholder" : "placeholderAnswering")}
        value={draft}
        onInput={(event) => {
          store.draft.value = event.currentTarget.value;
        }}
        onKeyDown={onKeyDown}
      />
      <div class="composer-bar">
        <ModelButton />
        <SendOrStop refusal={refusal} onSend={send} />
      </div>
    </form>
  );
}

/** Why a question cannot be sent now; undefined where it can. Without a model too: the host finds one, or says what to do. */
function refusalOf(store: ChatStore): string | undefined {
  if (!store.shown.value) return text("cannotSendLoading");
  if (store.sending.value !== null) return text("cannotSendSending");
  if (store.lining.value !== null) return text("cannotSendSending");
  if (store.answering.value !== null && !store.answersHere.value) return text("cannotSendElsewhere");
  if (store.answering.value !== null && store.queue.value.prompts.length >= MOST_QUEUED) return text("cannotQueueMore");
  return store.draft.value.trim() === "" ? text("cannotSendEmpty") : undefined;
}

function ModelButton() {
  const { store, post } = useChat();
  const model = store.model.value;
  const label = model === null ? text("chooseModel") : model.name;
  const hint =
    model === null ? label : text("changeModel", { model: [model.name, model.providerName].filter((part) => part !== "").join(", ") });
  const pick = (): void => {
    post({ type: "pick-model" });
  };
  return (
    <button type="button" class="model-button" title={hint} aria-label={hint} aria-haspopup="dialog" onClick={pick}>
      <span class="model-button-name">{label}</span>
      <Icon name="chevron-down" />
    </button>
  );
}

/** Below the composer while the demo answers: nobody should take its echo for an answer. */
export function DemoHint() {
  const { store, post } = useChat();
  if (store.model.value?.demo !== true || store.order.value.length === 0) return null;
  return (
    <p class="quiet-hint">
      {text("demoHint")}{" "}
      <Button
        kind="link"
        title={text("demoDetail")}
        onPress={() => {
          post({ type: "pick-model" });
        }}
      >
        {text("getModel")}
      </Button>
    </p>
  );
}

/** Below the composer while nothing that is said outlasts the background process. */
export function NotKeptHint() {
  const { store, post } = useChat();
  const reason = store.notKept.value;
  if (reason === null) return null;
  return (
    <p class="quiet-hint" title={reason}>
      {text("notKept")}{" "}
      <Button
        kind="link"
        title={reason}
        onPress={() => {
          post({ type: "action", action: "show-log" });
        }}
      >
        {text("showLog")}
      </Button>
    </p>
  );
}

/** While an answer runs: what stops it, and, as soon as something is typed, what lines that up. */
function SendOrStop({ refusal, onSend }: { readonly refusal: string | undefined; readonly onSend: () => void }) {
  const { store, post } = useChat();
  const answering = store.answering.value;
  const stops = answering !== null && store.answersHere.value;
  return (
    <span class="composer-buttons">
      {stops && (
        <button
          key="stop"
          type="button"
          class="send-button stop-button"
          aria-label={text("stop")}
          title={text("stopHint")}
          onClick={() => {
            post({ type: "stop", message: answering });
          }}
        >
          <Icon name="debug-stop" />
        </button>
      )}
      {(!stops || refusal === undefined) && (
        <button
          key="send"
          type="button"
          class="send-button"
          aria-label={text(stops ? "queue" : "send")}
          aria-disabled={refusal !== undefined}
          title={refusal ?? text(stops ? "queueHint" : "sendHint")}
          onClick={onSend}
        >
          <Icon name="arrow-up" />
        </button>
      )}
    </span>
  );
}
