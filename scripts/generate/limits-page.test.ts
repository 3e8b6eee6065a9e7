import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LIMITS, limitsPage } from './limits-page.ts';

test.each(Object.values(LIMITS).flat())(
  'the limit of $of is shown by a test of that title',
  ({ test: file, title }) => {
    const text = readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
    expect(text.replaceAll("\\'", "'")).toContain(title);
  },
);

test('each has a value', () => {
  expect(limitsPage()).not.toMatch(/NaN|undefined/);
});
