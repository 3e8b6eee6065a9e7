/** Control, bidirectional and zero-width characters, and letters without a shape, could make somebody read something else than what is there. */
const INVISIBLE = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115F\u1160\u2800\u3164\uFFA0]/gu;

/** For people's eyes: what cannot be seen is shown as `⟨U+202E⟩`. */
export function visibleText(text: string): string {
  return text
    .toWellFormed()
    .replace(INVISIBLE, (char) => `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}
