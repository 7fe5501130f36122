import { text } from "../strings.ts";
import { IconButton } from "./button.tsx";
import { useChat } from "./chat-context.ts";

/**
 * What conversation this is, and where to find others. In a view of the side bar, whose own title bar has the actions, the
 * styles leave out what stands there already.
 */
export function Header() {
  const { store, post } = useChat();
  const title = store.session.value?.title ?? "";
  return (
    <header class={title === "" ? "header header-untitled" : "header"}>
      <h1 class="header-title" dir="auto">
        {title === "" ? text("untitled") : title}
      </h1>
      <div class="header-actions" role="toolbar" aria-label={text("chatActions")}>
        <IconButton
          icon="add"
          label={text("newChat")}
          onPress={() => {
            post({ type: "new-session" });
          }}
        />
        <IconButton
          icon="history"
          label={text("history")}
          onPress={() => {
            post({ type: "pick-session" });
          }}
        />
      </div>
    </header>
  );
}
