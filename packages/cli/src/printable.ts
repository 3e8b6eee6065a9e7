/** Text as one line that cannot move the reader's cursor, whatever a webhook or an operator put in it. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, '·');
}
