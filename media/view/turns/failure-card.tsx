import type { FailureAction, FailureAdvice, FailureWords } from "../../protocol.ts";
import { text } from "../../strings.ts";
import { Button, Icon, Summary } from "../button.tsx";
import { useChat } from "../chat-context.ts";

interface FailureCardProps {
  readonly failure: FailureWords;
  /** The message that failed, where it was one. */
  readonly message?: string;
  readonly kind?: "error" | "warning";
  /** Part of the message had come and can be gone on with. */
  readonly goesOn?: boolean;
}

/** Where the host has no words for going on. */
const plainGoingOn = ({ actions }: FailureWords): FailureAdvice => ({
  advice: text("adviceContinue"),
  actions: [{ action: "continue", label: text("continueAnswer") }, ...actions],
});

/** What happened, what to do about it, the provider's own words folded, and buttons that do it. */
export function FailureCard({ failure, message, kind = "error", goesOn = false }: FailureCardProps) {
  const { post } = useChat();
  const { advice, actions } = goesOn ? (failure.goingOn ?? plainGoingOn(failure)) : failure;
  // Only a message can be asked for again.
  const offered = message === undefined ? actions.filter(({ action }) => action !== "retry" && action !== "continue") : actions;
  const act = (action: FailureAction): void => {
    if (action !== "continue") post(message === undefined ? { type: "action", action } : { type: "action", action, message });
    else if (message !== undefined) post({ type: "continue", message });
  };
  return (
    <div class={`card card-${kind}`} role="group" aria-label={failure.summary}>
      <Icon name={kind} />
      <div class="card-body">
        <p class="card-title">{failure.summary}</p>
        {advice !== "" && <p class="card-text">{advice}</p>}
        {failure.detail !== undefined && failure.detail !== "" && (
          <details class="card-detail">
            <Summary>{text("details")}</Summary>
            <pre>{failure.detail}</pre>
          </details>
        )}
        {offered.length > 0 && (
          <div class="card-actions">
            {offered.map(({ action, label }, index) => (
              <Button
                key={action}
                kind={index === 0 ? "primary" : "secondary"}
                onPress={() => {
                  act(action);
                }}
              >
                {label}
              </Button>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}
