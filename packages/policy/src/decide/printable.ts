const REASON_MAX_CHARS = 300;

/**
 * Text from outside (a proposal, an author's error) as it may stand in a reason: one line, bounded, and nothing that
 * Postgres or JSON refuses (a NUL, half of a surrogate pair), since a reason that cannot be stored stops its whole batch.
 */
export function printable(text: string, maxChars: number = REASON_MAX_CHARS): string {
  const cut = text.length > maxChars ? `${text.slice(0, maxChars - 1)}…` : text;
  return cut.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** Takes the secrets of a line out of a text. Before the text is cut: half of a secret would no longer be found. */
export type Scrub = (text: string) => string;

/** For lines without secrets. */
export const asItIs: Scrub = (text) => text;

/** What was thrown, in words. Anything can be thrown, so reading it is guarded as well. */
export function describeError(thrown: unknown, scrub: Scrub = asItIs): string {
  try {
    const summary = thrown instanceof Error ? ((thrown as { summary?: unknown }).summary ?? thrown.message) : thrown;
    return printable(scrub(String(summary))) || 'an error without a message';
  } catch {
    return 'something that cannot be read';
  }
}
