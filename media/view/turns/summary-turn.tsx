import type { StoredMessage } from "../../../sidecar/types.ts";
import { costFigure, modelName } from "../../state/labels.ts";
import { text } from "../../strings.ts";
import { Icon, Summary } from "../button.tsx";
import { useChat } from "../chat-context.ts";

/** Says that the model reads a summary of what stands above, and shows it. */
export function SummaryTurn({ stored }: { readonly stored: StoredMessage }) {
  const { store, language } = useChat();
  const words = stored.message.role === "system" ? stored.message.content.map((part) => part.text).join("\n\n") : "";
  const figures = [modelName(stored.model, store.model.value), costFigure(stored.cost, language)].filter((figure) => figure !== "");
  return (
    <details class="summary">
      <Summary>
        <Icon name="fold-up" />
        {text("summarized")}
      </Summary>
      <p class="summary-note">{text("summarizedDetail")}</p>
      <div class="summary-text" dir="auto">
        {words}
      </div>
      {figures.length > 0 && <p class="summary-note">{text("summarizedBy", { model: figures.join(" · ") })}</p>}
    </details>
  );
}
