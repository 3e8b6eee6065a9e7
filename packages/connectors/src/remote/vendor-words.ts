const WORDS_MAX_LENGTH = 200;
const HIDDEN = '•••';
/** Shorter ones stand in ordinary words too. */
const HIDDEN_MIN_LENGTH = 4;

/** What a vendor says of a failure, fit for an error's message: one line, bounded, without what must not be repeated. */
export function vendorWords(words: string, hide: readonly string[] = []): string {
  const hidden = hide
    .filter((one) => one.length >= HIDDEN_MIN_LENGTH)
    .reduce((text, one) => text.replaceAll(one, HIDDEN), words);
  const line = hidden.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim();
  // Counted in characters, so that none is cut in its middle.
  const characters = [...line.slice(0, (WORDS_MAX_LENGTH + 1) * 2)];
  return characters.length > WORDS_MAX_LENGTH ? `${characters.slice(0, WORDS_MAX_LENGTH - 1).join('')}…` : line;
}

const PROVES = /auth|cookie|token|key|secret|password|signature/;

/** What was sent to prove who is calling, in the forms in which it could come back. Goes by the headers' names. */
export function sentProofs(headers: Headers): string[] {
  const sent = [...headers].filter(([name]) => PROVES.test(name)).map(([, value]) => value);
  // A scheme's name stands in front of its proof: `Basic dXNlcjpwYXNz`. It is no secret.
  return sent.flatMap((value) => [value, ...value.split(/[\s;,]+/).slice(1)]).sort((a, b) => b.length - a.length);
}
