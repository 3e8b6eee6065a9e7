import { expect, test } from 'vitest';
import { askedFor, filtersIn, toNdjson } from './receipt-query.ts';

test('filters are what the address says, and nothing else of it', () => {
  const query = new URLSearchParams('about=order%3A7&kind=&outcome=%20applied%20&cursor=x&odd=1');
  expect(filtersIn(query)).toEqual({ about: 'order:7', outcome: 'applied' });
});

test('a time that is none is not asked for', () => {
  expect(askedFor({ since: 'yesterday', until: '2026-11-21T10:00:00Z', tool: 'pay' })).toEqual({
    until: '2026-11-21T10:00:00.000Z',
    tool: 'pay',
  });
});

test('an export has a line for each receipt', () => {
  expect(toNdjson([{ id: 1 }, { id: 'a\nb' }])).toBe('{"id":1}\n{"id":"a\\nb"}\n');
});
