import { text } from "../strings.ts";
import { Button, IconButton } from "./button.tsx";
import { useChat } from "./chat-context.ts";

/** Above the composer: the questions that were lined up, in their order. */
export function QueuedPrompts() {
  const { store, post } = useChat();
  const { prompts, paused } = store.queue.value;
  if (prompts.length === 0) return null;
  return (
    <ul class="queue" aria-label={text("queuedPrompts")}>
      {prompts.map((prompt, index) => (
        <li class="queued" key={prompt.id}>
          {index === 0 && <span class="queued-label">{text(paused ? "nextPaused" : "next")}</span>}
          <span class="queued-text" dir="auto" title={prompt.text}>
            {prompt.text}
          </span>
          {index === 0 && paused && store.answering.value === null && (
            <Button
              kind="link"
              onPress={() => {
                post({ type: "send-queued" });
              }}
            >
              {text("sendNow")}
            </Button>
          )}
          <IconButton
            icon="edit"
            label={text("editQueued")}
            onPress={() => {
              store.takeBack(prompt);
            }}
          />
          <IconButton
            icon="close"
            label={text("removeQueued")}
            onPress={() => {
              post({ type: "unqueue", prompt: prompt.id });
            }}
          />
        </li>
      ))}
    </ul>
  );
}
