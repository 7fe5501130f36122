import { useEffect, useRef } from "preact/hooks";
import type { StoredMessage } from "../../../sidecar/types.ts";
import { text } from "../../strings.ts";
import { IconButton } from "../button.tsx";
import { useChat } from "../chat-context.ts";

/** Goes between the versions of a question or an answer: ‹ 2/3 ›. Nothing where there is one alone. */
export function VersionSwitch({ stored }: { readonly stored: StoredMessage }) {
  const { store, announce } = useChat();
  const box = useRef<HTMLSpanElement>(null);
  const { id, siblings = [] } = stored;
  const values = { version: siblings.indexOf(id) + 1, versions: siblings.length };
  // Whoever goes on by the keyboard finds the same button under it again, or the other one where there is no more to go to.
  useEffect(() => {
    const step = store.takeSelected(id);
    if (step === null) return;
    const [before, after] = box.current?.querySelectorAll("button") ?? [];
    const wanted = step < 0 ? before : after;
    (wanted?.getAttribute("aria-disabled") === "true" ? (step < 0 ? after : before) : wanted)?.focus();
    announce(text("versionOf", values));
  }, [id]);
  if (siblings.length < 2) return null;
  const answering = store.answering.value === null ? undefined : text("cannotChangeAnswering");
  const go = (step: -1 | 1): void => {
    store.select(siblings, id, step);
  };
  return (
    <span class="versions" ref={box} role="group" aria-label={text("versions")}>
      <IconButton
        icon="chevron-left"
        label={text("previousVersion")}
        disabledBecause={values.version <= 1 ? text("noPreviousVersion") : answering}
        onPress={() => {
          go(-1);
        }}
      />
      <span class="version" aria-label={text("versionOf", values)} role="img">
        {values.version}/{values.versions}
      </span>
      <IconButton
        icon="chevron-right"
        label={text("nextVersion")}
        disabledBecause={values.version >= values.versions ? text("noNextVersion") : answering}
        onPress={() => {
          go(1);
        }}
      />
    </span>
  );
}
