// A name for the file of a conversation, out of its title.

/** Characters; with the ending it stays below what any file system takes, whatever the script. */
const longest = 60;
/** Names that Windows keeps for devices. */
const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)$/iu;

/** Without an ending. What no file system takes, or a shell would read, is left out. */
export function fileNameOf(title: string, fallback: string): string {
  const words = title
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}/\\:*?"<>|`$!#%&;~]+/gu, " ")
    .replaceAll(/\s+/gu, " ")
    .trim();
  const short = Array.from(words).slice(0, longest).join("");
  // Neither hidden, nor an option, nor what Windows drops.
  const name = short.replaceAll(/^[\s.-]+|[\s.]+$/gu, "");
  return name === "" || reserved.test(name) ? fallback : name;
}
