import type { FailureAction, FailureWords } from "../../protocol.ts";
import { text } from "../../strings.ts";
import { Button, Icon, Summary } from "../button.tsx";
import { useChat } from "../chat-context.ts";

interface FailureCardProps {
  readonly failure: FailureWords;
  /** The message that failed, where it was one. */
  readonly message?: string;
  readonly kind?: "error" | "warning";
  /** The message can be gone on with. */
  readonly goesOn?: boolean;
}

/** What happened, what to do about it, the provider's own words folded, and buttons that do it. */
export function FailureCard({ failure, message, kind = "error", goesOn = false }: FailureCardProps) {
  const { post } = useChat();
  const act = (action: FailureAction): void => {
    post(message === undefined ? { type: "action", action } : { type: "action", action, message });
  };
  return (
    <div class={`card card-${kind}`} role="group" aria-label={failure.summary}>
      <Icon name={kind} />
      <div class="card-body">
        <p class="card-title">{failure.summary}</p>
        {failure.advice !== "" && <p class="card-text">{failure.advice}</p>}
        {failure.detail !== undefined && failure.detail !== "" && (
          <details class="card-detail">
            <Summary>{text("details")}</Summary>
            <pre>{failure.detail}</pre>
          </details>
        )}
        {(failure.actions.length > 0 || goesOn) && (
          <div class="card-actions">
            {goesOn && message !== undefined && (
              <Button
                kind="primary"
                onPress={() => {
                  post({ type: "continue", message });
                }}
              >
                {text("continueAnswer")}
              </Button>
            )}
            {failure.actions.map(({ action, label }, index) => (
              <Button
                key={action}
                kind={index === 0 && !goesOn ? "primary" : "secondary"}
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
