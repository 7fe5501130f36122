import { useComputed } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import type { ToolCallPart } from "../../../sidecar/types.ts";
import { emptyAnswer } from "../../state/answer.ts";
import type { Answer } from "../../state/answer.ts";
import { modelName } from "../../state/labels.ts";
import type { Turn } from "../../state/turns.ts";
import { finishWords, text } from "../../strings.ts";
import { Button, Icon, Summary } from "../button.tsx";
import { useChat } from "../chat-context.ts";
import { AnswerFooter } from "./answer-footer.tsx";
import { FailureCard } from "./failure-card.tsx";
import { MarkdownText } from "./markdown-text.tsx";
import { isThinking, Reasoning } from "./reasoning.tsx";
import { StatusLine } from "./status-line.tsx";

interface AnswerTurnProps {
  readonly turn: ReadonlySignal<Turn>;
  /** Called when all of a complete answer is on the page. */
  readonly onSettled: () => void;
}

export function AnswerTurn({ turn, onSettled }: AnswerTurnProps) {
  const { store } = useChat();
  const answer = useComputed(() => turn.value.answer ?? emptyAnswer);
  const { id } = turn.peek().stored;
  const source = useComputed(() => {
    const { text: said, status: now } = answer.value;
    return { text: said === "" ? "" : store.openingOf(id) + said, complete: now !== "streaming" };
  });
  const { stored } = turn.value;
  const { status, reasoning, phase, toolCalls, warnings } = answer.value;
  const name = modelName(stored.model, store.model.value);
  const begun = answer.value.text !== "" || reasoning !== "";
  const continues = store.isContinuation(stored.id);
  return (
    <>
      <h2 class="visually-hidden">{name === "" ? text("answer") : text("answerOf", { model: name })}</h2>
      {continues && (
        <p class="continued">
          <Icon name="debug-continue" />
          {text("continued")}
        </p>
      )}
      {reasoning !== "" && <Reasoning answer={answer} />}
      <MarkdownText source={source} onSettled={onSettled} />
      {toolCalls.map((call) => (
        <ToolCall key={call.id} call={call} />
      ))}
      {warnings.map(({ code, parameter, message }) => (
        <Notice key={`${code} ${parameter ?? ""}`} icon="info" words={message ?? warningWords(code, parameter)} />
      ))}
      {status === "streaming" && turn.value.elsewhere === true && <Notice icon="multiple-windows" words={text("answeredElsewhere")} />}
      {status === "streaming" ? (
        turn.value.elsewhere !== true && <StatusLine phase={phase} begun={begun} thinking={isThinking(answer.value)} />
      ) : (
        <Ending turn={turn.value} answer={answer.value} />
      )}
      {status !== "streaming" && <AnswerFooter answer={answer.value} stored={stored} />}
    </>
  );
}

function warningWords(code: string, parameter: string | undefined): string {
  return parameter === undefined ? text("note", { code }) : text("noteOn", { code, parameter });
}

/** Why the answer ended, where it did not simply end. */
function Ending({ turn, answer }: { readonly turn: Turn; readonly answer: Answer }) {
  const { store } = useChat();
  const { id } = turn.stored;
  const { status, error } = answer;
  if (store.isContinued(id)) return <Notice icon="arrow-down" words={text("goesOnBelow")} />;
  const goesOn = answer.text.trim() !== "";
  if (turn.failure !== undefined)
    return <FailureCard failure={turn.failure} message={id} kind={status === "incomplete" ? "warning" : "error"} goesOn={goesOn} />;
  if (status === "cancelled") return <Notice icon="stop-circle" words={text("stopped")} retry={id} goesOn={goesOn} />;
  if (status === "incomplete" || status === "error") {
    const failure = {
      summary: text(status === "error" ? "failed" : "incomplete"),
      advice: text("adviceTryAgain"),
      actions: [{ action: "retry", label: text("tryAgain") }],
      ...(error === undefined ? {} : { detail: error.message }),
    } as const;
    return <FailureCard failure={failure} message={id} kind={status === "error" ? "error" : "warning"} goesOn={goesOn} />;
  }
  const cut = finishWords(answer.finishReason);
  if (cut !== undefined) return <Notice icon="warning" words={cut} message={id} goesOn={goesOn && answer.finishReason === "length"} />;
  return answer.text === "" && answer.toolCalls.length === 0 ? <Notice icon="info" words={text("emptyAnswer")} retry={id} /> : null;
}

interface NoticeProps {
  readonly icon: string;
  readonly words: string;
  /** The message that can be asked for again. */
  readonly retry?: string;
  readonly message?: string;
  /** The answer can be gone on with. */
  readonly goesOn?: boolean;
}

function Notice({ icon, words, retry, message = retry, goesOn = false }: NoticeProps) {
  const { post } = useChat();
  return (
    <p class={`notice notice-${icon}`}>
      <Icon name={icon} />
      <span class="notice-line">
        <span>{words}</span>
        <span class="notice-line">
          {goesOn && message !== undefined && (
            <Button
              kind="link"
              onPress={() => {
                post({ type: "continue", message });
              }}
            >
              {text("continueAnswer")}
            </Button>
          )}
          {retry !== undefined && (
            <Button
              kind="link"
              onPress={() => {
                post({ type: "action", action: "retry", message: retry });
              }}
            >
              {text("tryAgain")}
            </Button>
          )}
        </span>
      </span>
    </p>
  );
}

function ToolCall({ call }: { readonly call: ToolCallPart }) {
  return (
    <details class="tool-call">
      <Summary>
        <Icon name="tools" />
        {text("toolCall", { name: call.name })}
      </Summary>
      <pre>{call.arguments}</pre>
    </details>
  );
}
