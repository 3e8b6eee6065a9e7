import { visibleText } from '@holdpoint/shared/domain/visible-text';

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
  return visibleText(text).replace(/[&<>"'`]/g, (char) => `&#${char.codePointAt(0)};`);
}
