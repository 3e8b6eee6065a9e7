import { expect, test } from 'vitest';
import { commitSecrets, digestOf } from './digest.ts';

const args = { amount: 5, card: '4242', keys: [{ pin: 1 }, { pin: 2 }] };
const paths = ['card', 'keys.*.pin', 'absent.path'];

test('a commitment stands for its secret: the same for the same value and salt, another for any other', () => {
  const committed = commitSecrets(args, paths, 'salt');
  expect(committed).toEqual(commitSecrets(structuredClone(args), paths, 'salt'));
  expect(digestOf(committed)).not.toBe(digestOf(commitSecrets({ ...args, card: '4243' }, paths, 'salt')));
  expect(digestOf(committed)).not.toBe(digestOf(commitSecrets(args, paths, 'another')));
});

test('no secret can be read from it, and nothing else is changed', () => {
  const committed = commitSecrets(args, paths, 'salt') as typeof args;
  expect(committed.amount).toBe(5);
  expect(JSON.stringify(committed)).not.toContain('4242');
  expect(committed.keys.map(({ pin }) => typeof pin)).toEqual(['object', 'object']);
});

test('without secret paths the arguments stand as they are: anybody can compute the digest', () => {
  expect(commitSecrets(args, [], 'salt')).toBe(args);
});
