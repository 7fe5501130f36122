// The last of three walls between an answer and the page: the parser takes no HTML, the page's policy loads nothing from
// elsewhere, and what is rendered passes here, where only known elements and attributes survive.

import DOMPurify from "dompurify";
import type { Config } from "dompurify";

const ELEMENTS = [
  ["p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "pre", "code"],
  ["table", "thead", "tbody", "tr", "th", "td", "a", "em", "strong", "s", "span"],
].flat();
const ATTRIBUTES = ["class", "dir", "title", "start", "role", "tabindex", "aria-label", "data-url", "data-language"];

const CONFIG: Config = {
  ALLOWED_TAGS: ELEMENTS,
  ALLOWED_ATTR: ATTRIBUTES,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  // An address is data on a link alone; all other attributes are words, which are not read as addresses.
  ADD_URI_SAFE_ATTR: ATTRIBUTES.filter((name) => name !== "data-url"),
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  SANITIZE_NAMED_PROPS: true,
  RETURN_DOM_FRAGMENT: true,
};

/** Makes nodes of rendered HTML. Nothing in them loads, runs, or leads anywhere by itself. */
export function sanitise(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, { ...CONFIG, RETURN_DOM_FRAGMENT: true });
}
