/** Text that is markup already. Only the tag below makes it. */
export interface Html {
  readonly markup: string;
}

export type Shown = Html | string | number | null | undefined | false | readonly Shown[];

/** Markup with everything that is put into it escaped, attributes (always in double quotes) and text alike. */
export function html(strings: TemplateStringsArray, ...values: readonly Shown[]): Html {
  return { markup: strings.reduce((text, part, index) => text + render(values[index - 1]) + part) };
}

function render(value: Shown): string {
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return 'markup' in value ? value.markup : value.map(render).join('');
}

export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (char) => `&#${char.codePointAt(0)};`);
}

/** Control, bidirectional and zero-width characters could make an approver read something else than what is there. */
const INVISIBLE = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(INVISIBLE, (char) => `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}
