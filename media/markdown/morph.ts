// Turns nodes on the page into newer ones with as little change as possible: what stays equal keeps its identity, and with
// it the reader's selection, focus and hover.

/**
 * Replaces `old`, consecutive children of `parent` before `end`, by `fresh`. Returns the nodes that now stand there.
 * Nodes of `fresh` may be used as they are or thrown away.
 */
export function morphNodes(parent: Node, old: readonly ChildNode[], fresh: readonly ChildNode[], end: ChildNode | null): ChildNode[] {
  const result: ChildNode[] = [];
  for (const [index, node] of fresh.entries()) {
    const before = old[index];
    if (before !== undefined && morphed(before, node)) {
      result.push(before);
      continue;
    }
    if (before === undefined) parent.insertBefore(node, end);
    else before.replaceWith(node);
    result.push(node);
  }
  for (const node of old.slice(fresh.length)) node.remove();
  return result;
}

/** Makes `before` equal to `after`. Returns false where they are of different kinds. */
function morphed(before: ChildNode, after: ChildNode): boolean {
  if (before instanceof Text && after instanceof Text) {
    setText(before, after.data);
    return true;
  }
  if (!(before instanceof Element) || !(after instanceof Element) || before.tagName !== after.tagName) return false;
  if (before.isEqualNode(after)) return true;
  copyAttributes(before, after);
  morphNodes(before, Array.from(before.childNodes), Array.from(after.childNodes), null);
  return true;
}

/** Appending keeps a selection inside of the text; setting its data would drop it. */
function setText(node: Text, text: string): void {
  if (node.data === text) return;
  if (text.startsWith(node.data)) node.appendData(text.slice(node.data.length));
  else node.data = text;
}

function copyAttributes(before: Element, after: Element): void {
  for (const name of before.getAttributeNames()) {
    if (!after.hasAttribute(name)) before.removeAttribute(name);
  }
  for (const name of after.getAttributeNames()) {
    const value = after.getAttribute(name) ?? "";
    if (before.getAttribute(name) !== value) before.setAttribute(name, value);
  }
}
