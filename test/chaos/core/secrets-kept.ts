import type { History, Verdict } from './history.ts';

/** I9. What calls are trusted with, and what people and programs show of themselves, is written down nowhere else. */
export function secretsKept({ secrets: { searched, inHolders, found } }: Pick<History, 'secrets'>): Verdict {
  const blind = inHolders === 0 ? ['the search finds no secret even where they stand'] : [];
  return { invariant: 'I9', checked: searched, excepted: 0, violations: [...blind, ...found] };
}
