import type { ModelRef } from "../../../sidecar/types.ts";
import type { Answer } from "../../state/answer.ts";
import { costFigure, duration, figureLines, modelName, tokenLabel } from "../../state/labels.ts";
import { text } from "../../strings.ts";
import { IconButton } from "../button.tsx";
import { useChat } from "../chat-context.ts";

interface AnswerFooterProps {
  readonly answer: Answer;
  readonly model: ModelRef | undefined;
}

/** Who answered, at what expense, in how much time; and a button that copies the answer. */
export function AnswerFooter({ answer, model }: AnswerFooterProps) {
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
  return (
    <footer class="answer-footer">
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
      {answer.text !== "" && <IconButton icon="copy" label={text("copyAnswer")} onPress={copy} />}
    </footer>
  );
}
