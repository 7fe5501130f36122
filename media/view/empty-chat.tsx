import type { ModelView } from "../protocol.ts";
import { text } from "../strings.ts";
import { Button, Icon } from "./button.tsx";
import { useChat } from "./chat-context.ts";
import { ParleyMark } from "./parley-mark.tsx";

/** What a chat without messages shows: what can be done here, with which model, and a first step. */
export function EmptyChat() {
  const { store } = useChat();
  const model = store.model.value;
  return (
    <section class="empty" aria-label={text("welcome")}>
      <ParleyMark />
      <h2 class="empty-title">{text("welcome")}</h2>
      <p class="empty-text">{text("welcomeDetail")}</p>
      <ModelCard model={model} />
      {model !== null && <Examples />}
    </section>
  );
}

function ModelCard({ model }: { readonly model: ModelView | null }) {
  const { post } = useChat();
  const pick = (): void => {
    post({ type: "pick-model" });
  };
  if (model === null || model.demo) {
    const [title, detail] = model === null ? (["noModel", "noModelDetail"] as const) : (["demoTitle", "demoDetail"] as const);
    return (
      <div class="card card-info">
        <Icon name={model === null ? "plug" : "info"} />
        <div class="card-body">
          <p class="card-title">{text(title)}</p>
          <p class="card-text">{text(detail)}</p>
          <div class="card-actions">
            <Button kind="primary" onPress={pick}>
              {text(model === null ? "chooseModel" : "chooseRealModel")}
            </Button>
            <Button
              onPress={() => {
                post({ type: "action", action: "add-server" });
              }}
            >
              {text("addServer")}
            </Button>
          </div>
        </div>
      </div>
    );
  }
  return (
    <div class="model-row">
      <span class="model-row-label">{text("modelLabel")}</span>
      <span class="model-row-name" title={model.ref}>
        {model.name}
        {model.providerName !== "" && <span class="model-row-provider">{model.providerName}</span>}
      </span>
      <Button kind="link" onPress={pick}>
        {text("change")}
      </Button>
    </div>
  );
}

function Examples() {
  const { store } = useChat();
  return (
    <div class="examples" role="group" aria-label={text("examples")}>
      <p class="examples-title">{text("examples")}</p>
      {(["example1", "example2", "example3"] as const).map((key) => (
        <button
          key={key}
          type="button"
          class="example"
          onClick={() => {
            store.send(text(key));
          }}
        >
          <span>{text(key)}</span>
          <Icon name="arrow-up" />
        </button>
      ))}
    </div>
  );
}
