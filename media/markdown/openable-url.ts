/** The schemes that may be opened, through the host and after its question. */
const OPENABLE = /^(?:https?:\/\/|mailto:)/i;

/** What is opened when the link is followed; undefined where the address may not be opened at all. */
export function openableUrl(address: string): string | undefined {
  if (!OPENABLE.test(address)) return undefined;
  try {
    const url = new URL(address);
    return url.protocol === "http:" || url.protocol === "https:" || url.protocol === "mailto:" ? url.href : undefined;
  } catch {
    return undefined;
  }
}
