import type { ComponentChildren } from "preact";

export function Icon({ name, spin = false }: { readonly name: string; readonly spin?: boolean }) {
  return <span class={`codicon codicon-${name}${spin ? " spin" : ""}`} aria-hidden="true" />;
}

/** The line that unfolds `details`, with the same sign as all that unfolds here. */
export function Summary({ children }: { readonly children: ComponentChildren }) {
  return (
    <summary>
      <span class="codicon codicon-chevron-right chevron" aria-hidden="true" />
      {children}
    </summary>
  );
}

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly kind?: "primary" | "secondary" | "link";
  readonly title?: string;
  readonly onPress: () => void;
}

export function Button({ children, kind = "secondary", title, onPress }: ButtonProps) {
  return (
    <button type="button" class={`button button-${kind}`} title={title ?? ""} onClick={onPress}>
      {children}
    </button>
  );
}

interface IconButtonProps {
  readonly icon: string;
  readonly label: string;
  readonly class?: string;
  /** Why pressing does nothing now. The button stays reachable, so that everybody can learn it. */
  readonly disabledBecause?: string | undefined;
  readonly onPress: () => void;
}

export function IconButton({ icon, label, class: extra = "", disabledBecause, onPress }: IconButtonProps) {
  const disabled = disabledBecause !== undefined;
  return (
    <button
      type="button"
      class={`icon-button ${extra}`}
      aria-label={label}
      aria-disabled={disabled ? "true" : "false"}
      title={disabledBecause ?? label}
      onClick={() => {
        if (!disabled) onPress();
      }}
    >
      <Icon name={icon} />
    </button>
  );
}
