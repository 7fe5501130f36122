// Whether a mark is one or is only spoken of: what prose puts around a tag that it mentions, in any language.

/** What a quote, or a bracket, that begins a mention may end with. */
const PAIRS: Readonly<Record<string, readonly string[]>> = {
  "“": ["”", "“"],
  "„": ["“", "”"],
  "‘": ["’", "‘"],
  "‚": ["‘", "’"],
  "«": ["»"],
  "‹": ["›"],
  "「": ["」"],
  "『": ["』"],
  "【": ["】"],
  "《": ["》"],
  "〈": ["〉"],
  "（": ["）"],
  "(": [")"],
  "[": ["]"],
  "{": ["}"],
};

/** These end as they begin, or with what begins elsewhere: they begin only where a word could. */
const BEGIN_LIKE_WORDS: Readonly<Record<string, readonly string[]>> = {
  "'": ["'"],
  "”": ["”"],
  "’": ["’"],
  "»": ["«", "»"],
  "›": ["‹", "›"],
};

/** What may stand before a word. */
const BEFORE_WORDS = /(?:^|[\s([{<=:,;|/„“«‹>*_~-])$/u;
/** What may stand before emphasis that begins. */
const BEFORE_EMPHASIS = /(?:^|[\s([{<|/„“«‹"'])$/u;
/** Characters: as much as an element's opening tag may have. */
const LONGEST_ELEMENT = 100;

/** What would end the quote, the emphasis, the span of code or the element that `before` ends with; nothing where it ends with none. */
function endsOfQuote(before: string): readonly string[] {
  const last = before.at(-1) ?? "";
  const pair = PAIRS[last];
  if (pair !== undefined) return pair;
  // In a text that is quoted itself.
  if ((last === '"' || last === "'") && before.at(-2) === "\\") return [`\\${last}`];
  const line = before.slice(before.lastIndexOf("\n") + 1);
  if (last === '"') return (line.split(last).length - 1) % 2 === 1 ? [last] : [];
  const likeWord = BEGIN_LIKE_WORDS[last];
  if (likeWord !== undefined) return BEFORE_WORDS.test(line.slice(-2, -1)) ? likeWord : [];
  if (last === "`" || last === "*" || last === "_" || last === "~") return endsOfRun(line, last);
  const element = last === ">" ? /<([a-z][a-z0-9]*)(?:\s[^<>]*)?>$/iu.exec(line.slice(-LONGEST_ELEMENT))?.[1] : undefined;
  return element === undefined ? [] : [`</${element}>`];
}

/** Marks of Markdown, one or several of the same: they begin something where an even number of the same came before on their line. */
function endsOfRun(line: string, mark: string): readonly string[] {
  const runs = line.match(mark === "*" ? /\*+/gu : mark === "_" ? /_+/gu : mark === "~" ? /~+/gu : /`+/gu) ?? [];
  const run = runs.at(-1) ?? "";
  if (mark !== "`" && BEFORE_EMPHASIS.test(line.slice(0, line.length - run.length).slice(-1))) return [run];
  return runs.filter((other) => other === run).length % 2 === 1 ? [run] : [];
}

/** `after` is too short to tell whether a mark between the two is quoted. */
export function mayBeQuoted(before: string, after: string): boolean {
  return endsOfQuote(before).some((end) => after.length < end.length && end.startsWith(after));
}

/** Between quotes a mark is spoken of, also where a model thinks. */
export function isQuoted(before: string, after: string): boolean {
  return endsOfQuote(before).some((end) => after.startsWith(end));
}

/** Whether a quote, or a bracket, that was opened on this line is still open at its end. */
export function leavesQuoteOpen(line: string): boolean {
  const isLow = line.includes("„");
  return (
    (line.split('"').length - 1) % 2 === 1 ||
    line.lastIndexOf("„") > Math.max(line.lastIndexOf("“"), line.lastIndexOf("”")) ||
    (!isLow && line.lastIndexOf("“") > line.lastIndexOf("”")) ||
    line.lastIndexOf("«") > line.lastIndexOf("»") ||
    line.lastIndexOf("(") > line.lastIndexOf(")")
  );
}

/** Also one within a list or a quotation. */
const FENCE = /^[ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]*)*(`{3,}|~{3,})/u;

/** What of Markdown's code is open at the end of `text`. */
export function openCode(text: string): "fence" | "span" | "none" {
  let fence = "";
  let paragraph = "";
  for (const line of text.split("\n")) {
    const mark = FENCE.exec(line)?.[1] ?? "";
    if (fence !== "") {
      if (mark.startsWith(fence)) fence = "";
    } else if (mark !== "") {
      fence = mark;
      paragraph = "";
    } else paragraph = line.trim() === "" ? "" : `${paragraph}${line}\n`;
  }
  if (fence !== "") return "fence";
  let span = "";
  for (const [run] of paragraph.matchAll(/`+/gu)) {
    if (span === "") span = run;
    else if (span === run) span = "";
  }
  return span === "" ? "none" : "span";
}
