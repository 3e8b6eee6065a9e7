import { NAME_PATTERN } from '@holdpoint/shared/domain/names';

/**
 * The operator that an imperative request is told under, as one subject token: the one its app acts for; where that may be
 * several or any, the app (or person) itself, with what a name cannot hold as `-`.
 */
export function operatorOf(id: string, operators: '*' | readonly string[]): string {
  const [only, ...others] = operators === '*' ? [] : operators;
  if (only !== undefined && others.length === 0) return only;
  const name = id
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 63);
  return NAME_PATTERN.test(name) ? name : 'unnamed';
}
