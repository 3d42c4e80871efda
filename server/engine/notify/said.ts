/** What another side said, with what is secret taken out of it, fit for one line: no control characters, and no more than a sentence. */
export const printable = (text: string, secrets: readonly string[] = []): string =>
  secrets
    .filter(Boolean)
    .reduce((shown, secret) => shown.replaceAll(secret, "…"), text)
    .replace(/[\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .slice(0, 200)
    .replace(/\.$/, "");
