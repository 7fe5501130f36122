import type { StoredMessage } from "../../../sidecar/types.ts";
import type { Answer } from "../../state/answer.ts";
import { costFigure, duration, figureLines, modelName, tokenLabel } from "../../state/labels.ts";
import { text } from "../../strings.ts";
import { IconButton } from "../button.tsx";
import { useChat } from "../chat-context.ts";
import { VersionSwitch } from "./version-switch.tsx";

interface AnswerFooterProps {
  readonly answer: Answer;
  readonly stored: StoredMessage;
}

/** Who answered, at what expense, in how much time; its other versions; and buttons that copy the answer or ask for another. */
export function AnswerFooter({ answer, stored }: AnswerFooterProps) {
  const { id, model } = stored;
  const { store, post, announce, language } = useChat();
  const { usage, cost, timings } = answer;
  const figures = [
    modelName(model, store.model.value),
    usage === undefined ? "" : tokenLabel(usage, language),
    costFigure(cost, language),
    timings === undefined ? "" : duration(timings.totalMs),
  ].filter((figure) => figure !== "");
  const copy = (): void => {
    post({ type: "copy", text: answer.text });
    announce(text("copied"));
  };
  const answering = store.answering.value === null ? undefined : text("cannotChangeAnswering");
  return (
    <footer class="answer-footer">
      <VersionSwitch stored={stored} />
      <span
        class="figures"
        title={[model ?? "", ...figureLines({ usage, cost, timings }, language)].filter((line) => line !== "").join("\n")}
      >
        {figures.map((figure) => (
          <span key={figure} class="figure">
            {figure}
          </span>
        ))}
      </span>
      {answer.text !== "" && <IconButton icon="copy" class="on-hover" label={text("copyAnswer")} onPress={copy} />}
      <IconButton
        icon="refresh"
        class="on-hover"
        label={text("answerAgain")}
        disabledBecause={answering}
        onPress={() => {
          post({ type: "action", action: "retry", message: id });
        }}
      />
    </footer>
  );
}
