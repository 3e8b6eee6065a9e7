import { MASK } from '@holdpoint/shared/domain/secret-args';
import { expect, test } from 'vitest';
import { showLine } from './shown-line.ts';

const line = {
  connector: 'shop',
  tool: 'orders.refund',
  args: { card: '4242424242', note: 'of card 4242424242', n: 1 },
};

test('a line of a tool without secrets is shown as it is', () => {
  expect(showLine(line, [])).toEqual({ line, masked: [] });
});

test('a secret is hidden in its place and wherever else it turns up, and the places are told', () => {
  expect(showLine(line, ['card'])).toEqual({
    line: { ...line, args: { card: MASK, note: `of card ${MASK}`, n: 1 } },
    masked: ['args.card', 'args.note'],
  });
});

test('where nobody knows the tool, everything is hidden but the names, the keys and the value', () => {
  expect(showLine({ ...line, value: 3, card: '4242' }, undefined)).toEqual({
    line: { ...line, args: { card: MASK, note: MASK, n: MASK }, value: 3, card: MASK },
    masked: ['args.card', 'args.note', 'args.n', 'card'],
  });
  expect(showLine('4242', undefined)).toEqual({ line: MASK, masked: [''] });
});
