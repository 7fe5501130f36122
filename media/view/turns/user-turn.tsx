import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { FilePart, StoredMessage, UserPart } from "../../../sidecar/types.ts";
import { text } from "../../strings.ts";
import { Button, Icon, IconButton } from "../button.tsx";
import { useChat } from "../chat-context.ts";
import { QuestionEditor } from "./question-editor.tsx";
import { VersionSwitch } from "./version-switch.tsx";

/** Lines and UTF-16 code units of a question that is shown whole. */
const FOLDED_LINES = 14;
const FOLDED_LENGTH = 1_400;

const wordsOf = (parts: readonly UserPart[]): string => parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");

/** A question that is kept: to be read, gone between its versions, and put in other words. */
export function KeptQuestion({ stored }: { readonly stored: StoredMessage }) {
  const { store } = useChat();
  const parts = stored.message.role === "user" ? stored.message.content : [];
  const edited = store.editing.value?.message === stored.id ? store.editing.value : null;
  if (edited !== null && !edited.sending) return <QuestionEditor edited={edited} />;
  if (edited !== null)
    return <UserTurn parts={[...parts.filter(({ type }) => type !== "text"), { type: "text", text: edited.text }]} pending />;
  const answering = store.answering.value === null ? undefined : text("cannotChangeAnswering");
  const edit = (
    <IconButton
      icon="edit"
      class="on-hover"
      label={text("editQuestion")}
      disabledBecause={answering}
      onPress={() => {
        store.edit(stored.id, wordsOf(parts));
      }}
    />
  );
  return (
    <>
      <UserTurn parts={parts} action={edit} />
      <VersionSwitch stored={stored} />
    </>
  );
}

interface UserTurnProps {
  readonly parts: readonly UserPart[];
  /** It is not yet kept. */
  readonly pending?: boolean;
  /** Stands beside it. */
  readonly action?: ComponentChildren;
}

/** A question: its words as they were typed, and what was attached to it. */
export function UserTurn({ parts, pending = false, action }: UserTurnProps) {
  const words = wordsOf(parts);
  const attached = parts.filter((part) => part.type !== "text");
  return (
    <>
      <h2 class="visually-hidden">{text("youAsked")}</h2>
      <div class="question">
        {action}
        <div class={pending ? "bubble bubble-pending" : "bubble"}>
          {attached.length > 0 && (
            <div class="chips">
              {attached.map((part, index) => (part.type === "file" ? <FileChip key={index} file={part} /> : <ImageChip key={index} />))}
            </div>
          )}
          {words !== "" && <Words words={words} />}
        </div>
      </div>
      {pending && <p class="pending-note">{text("sending")}</p>}
    </>
  );
}

function Words({ words }: { readonly words: string }) {
  const open = useSignal(false);
  const long = words.length > FOLDED_LENGTH || words.split("\n", FOLDED_LINES + 1).length > FOLDED_LINES;
  const folded = long && !open.value;
  return (
    <>
      <div class={folded ? "words words-folded" : "words"} dir="auto">
        {folded ? words.slice(0, 2 * FOLDED_LENGTH) : words}
      </div>
      {long && (
        <Button
          kind="link"
          onPress={() => {
            open.value = !open.value;
          }}
        >
          {text(open.value ? "showLess" : "showAll")}
        </Button>
      )}
    </>
  );
}

/** `name`, `name:12` or `name:12-20`. */
function chipLabel({ name, startLine, endLine }: FilePart): string {
  if (startLine === undefined) return name;
  return endLine === undefined || endLine === startLine ? `${name}:${startLine}` : `${name}:${startLine}-${endLine}`;
}

function FileChip({ file }: { readonly file: FilePart }) {
  const { post } = useChat();
  const { uri, startLine, endLine } = file;
  const label = chipLabel(file);
  const lines = { ...(startLine === undefined ? {} : { startLine }), ...(endLine === undefined ? {} : { endLine }) };
  return (
    <button
      type="button"
      class="chip"
      title={text("openFile", { name: label })}
      onClick={() => {
        post({ type: "open-file", uri, ...lines });
      }}
    >
      <Icon name="file-code" />
      <span class="chip-label">{label}</span>
    </button>
  );
}

function ImageChip() {
  return (
    <span class="chip chip-inert">
      <Icon name="file-media" />
      <span class="chip-label">{text("image")}</span>
    </span>
  );
}
