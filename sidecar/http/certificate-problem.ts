// What Node's codes of a refused certificate mean. They are OpenSSL's names of its verification errors, and one of Node's own.

/** `trust`: nobody known vouches for it. `date`: expired, or not valid yet. `name`: it was made out to another host. */
export type CertificateProblem = "trust" | "date" | "name";

/** What Node says of it, without its advice to start Node in another way: nobody who reads this starts it, and the system's are trusted. */
export function certificateWords(message: string): string {
  return message.replace(/; if the root CA is installed locally.*$/su, "");
}

/** Null for a code of anything else. */
export function certificateProblem(code: string): CertificateProblem | null {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") return "name";
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") return "date";
  if (/CERT(?:_|$)|^UNABLE_TO_|^INVALID_(?:CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$/u.test(code)) return "trust";
  return null;
}
