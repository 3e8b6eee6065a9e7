import { z } from 'zod';

/** What Postgres can hold as text and as JSON: no NUL, no half of a surrogate pair. */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** The same text as Postgres can hold it. */
export function plainText(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}

/** What a person says: trimmed, and not nothing. */
export function saidSchema(maxChars: number) {
  return z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(maxChars)
    .refine(isPlainText, 'must not hold NUL or half characters');
}
