/** Clicks on a button with this attribute copy the code of the block around it. */
export const COPY_CODE_ATTRIBUTE = "data-copy-code";

/** The code of a block, as it was written. */
export const codeTextOf = (block: Element): string => block.querySelector(".code-lines")?.textContent ?? "";
