// Markdown made from a seed: well-formed blocks, blocks that lean on each other, and lines of plain noise, in any order.

/** A generator of numbers from 0 up to 1 that gives the same ones for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const WORDS = [
  ["the", "answer", "is", "a", "list", "of", "words", "*soft*", "**strong**", "~~gone~~", "`code`", "``a ` b``", "<b>html</b>", "&amp;"],
  [
    "[a link](https://example.com/x_(y))",
    "[ref]",
    "[ref][other]",
    "![picture](https://example.com/p.png)",
    "https://example.com/bare",
    "$5",
  ],
  ["日本語", "👩‍👩‍👧‍👦", "مرحبا", "\\*not soft\\*", "snake_case_name", "2 * 3 * 4", "**open", "`open", "[half](htt", "a  ", "|", "#", "- x"],
].flat();

const LINES = [
  "---",
  "===",
  "- ",
  "* item",
  "1. one",
  "7) seven",
  "> quoted",
  "# Title",
  "#nospace",
  "    indented",
  "\tTab",
  "```",
  "~~~",
  "````js",
  "| a | b |",
];
LINES.push(
  "|---|---|",
  "|:-:|--:|",
  "",
  "",
  "***",
  "+",
  "-",
  "1.",
  "<div>",
  "&nbsp;",
  "  continued",
  "   - nested",
  ">",
  "> - both",
  "  ",
  "[x]",
);

type Random = () => number;

const pick = <T>(random: Random, from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
const times = (random: Random, most: number): number => 1 + Math.floor(random() * most);
const sentence = (random: Random): string => Array.from({ length: times(random, 9) }, () => pick(random, WORDS)).join(" ");

function list(random: Random, indent = ""): string {
  const mark = pick(random, ["-", "*", "1.", "3)"]) ?? "-";
  const loose = random() < 0.3;
  const items = Array.from({ length: times(random, 5) }, () => {
    const task = random() < 0.2 ? (pick(random, ["[ ] ", "[x] "]) ?? "") : "";
    const inner = random() < 0.25 && indent.length < 6 ? `\n${list(random, `${indent}${" ".repeat(mark.length + 1)}`)}` : "";
    const code = random() < 0.1 ? `\n${indent}   \`\`\`js\n${indent}   let x = 1;\n${indent}   \`\`\`` : "";
    return `${indent}${mark} ${task}${sentence(random)}${inner}${code}`;
  });
  return items.join(loose ? "\n\n" : "\n");
}

function table(random: Random): string {
  const columns = times(random, 4);
  const row = (cell: () => string): string => `| ${Array.from({ length: columns }, cell).join(" | ")} |`;
  const cells = (): string => row(() => sentence(random).replaceAll("|", "/"));
  return [cells(), row(() => pick(random, ["---", ":--", "--:", ":-:"]) ?? "---"), ...Array.from({ length: times(random, 5) }, cells)].join(
    "\n",
  );
}

function fence(random: Random): string {
  const mark = pick(random, ["```", "~~~", "````"]) ?? "```";
  const lines = Array.from({ length: times(random, 6) }, () =>
    pick(random, ["let x = 1;", "", "  # not a title", "- no item", "``` inside", "| no | table |"]),
  );
  const closed = random() < 0.9 ? `\n${mark}` : "";
  return `${mark}${pick(random, ["", "ts", "python", "js {1}", "unknown"]) ?? ""}\n${lines.join("\n")}${closed}`;
}

function block(random: Random): string {
  const kind = random();
  if (kind < 0.25) return Array.from({ length: times(random, 3) }, () => sentence(random)).join("\n");
  if (kind < 0.45) return list(random);
  if (kind < 0.55) return table(random);
  if (kind < 0.65) return fence(random);
  if (kind < 0.72) return `${"#".repeat(times(random, 6))} ${sentence(random)}`;
  if (kind < 0.78) return `> ${sentence(random)}\n${pick(random, ["> ", "lazy "]) ?? ""}${sentence(random)}`;
  return Array.from({ length: times(random, 6) }, () => pick(random, LINES)).join("\n");
}

/** A document of up to `blocks` blocks; link definitions only where asked for. */
export function sampleDocument(seed: number, blocks = 12, definitions = false): string {
  const random = randomFrom(seed);
  const parts = Array.from({ length: times(random, blocks) }, () => block(random));
  if (definitions)
    parts.splice(Math.floor(random() * parts.length), 0, "[ref]: https://example.com/ref 'A title'", "[other]: <https://example.com/o>");
  return parts.join(random() < 0.8 ? "\n\n" : "\n");
}

/** The text in pieces of one up to `longest` code units, surrogate pairs cut, too. */
export function pieces(text: string, seed: number, longest = 12): string[] {
  const random = randomFrom(seed);
  const cut: string[] = [];
  for (let at = 0; at < text.length;) {
    const length = times(random, longest);
    cut.push(text.slice(at, at + length));
    at += length;
  }
  return cut;
}
