import { maskArgs } from '@holdpoint/shared/domain/secret-args';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CallSecrets, callSecrets } from './call-secrets.ts';
import { RESULT_MAX_BYTES, storedError, storedResult } from './stored-json.ts';

const as: CallSecrets = { text: (text) => text, number: (value) => value };

test('any answer becomes JSON that can be stored', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }), (value) => {
      const text = JSON.stringify(storedResult(value, as));
      expect(text).toBeTypeOf('string');
      expect(text).not.toMatch(/\\u0000|\\ud[89ab]/i);
    }),
  );
});

test('a circle, a function, a giant and an abyss are named for what they are', () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(storedResult(circle, as)).toEqual({ unserialisable: 'object' });
  expect(storedResult(() => 1, as)).toEqual({ unserialisable: 'function' });
  expect(storedResult('x'.repeat(256 * 1024), as)).toMatchObject({ truncated: true });
  let abyss: unknown = 1;
  for (let depth = 0; depth < 100; depth += 1) abyss = [abyss];
  expect(storedResult(abyss, as)).toMatchObject({ truncated: true });
  expect(storedResult(undefined, as)).toBeNull();
  expect(storedResult({ toJSON: () => 5 }, as)).toBe(5);
});

test('an error is short and storable, its secrets out before it is cut', () => {
  const secrets = callSecrets({ token: 'abcdefgh' }, ['token'], []);
  expect(storedError(`a\u0000b abcdefgh`, secrets)).toBe('a\ufffdb •••');
  const cut = storedError(`${'x'.repeat(508)}abcdefgh`, secrets);
  expect(cut).toHaveLength(511);
  expect(cut).not.toContain('abcd');
});

test('secret places are hidden, and only they', () => {
  const args = { token: 't', list: [{ key: 1 }, { key: 2 }], auth: { user: 'u', password: 'p' }, 'own.dot': 1 };
  expect(maskArgs(args, ['token', 'list.*.key', 'auth.password', 'absent.path'])).toEqual({
    token: '•••',
    list: [{ key: '•••' }, { key: '•••' }],
    auth: { user: 'u', password: '•••' },
    'own.dot': 1,
  });
  expect(args.token).toBe('t');
});

test('of two secrets the longer goes first, and short ones are let be in other words', () => {
  const { text } = callSecrets({ a: 'secret', b: 'secret-longer', c: 'abc' }, ['a', 'b', 'c'], ['credential']);
  expect(text('secret-longer secret credential abc')).toBe('••• ••• ••• abc');
});

test('a secret number, and a short secret that is all of a text, are hidden in a result too', () => {
  const args = { pin: 4711, cvc: '07', card: { year: 29, none: '' }, list: [{ otp: 123_456 }], open: 5 };
  const secrets = callSecrets(args, ['pin', 'cvc', 'card', 'list.*.otp'], ['k1']);
  const result = { pin: 4711, said: 'pin 4711', asText: '4711', deep: [29, { cvc: '07' }], key: 'k1', otp: 123_456 };
  expect(storedResult({ ...result, open: 5, words: 'over 07 of 29', empty: '', year: '2029' }, secrets)).toEqual({
    pin: '•••',
    said: 'pin •••',
    asText: '•••',
    deep: ['•••', { cvc: '•••' }],
    key: '•••',
    otp: '•••',
    open: 5,
    words: 'over 07 of 29',
    empty: '',
    year: '2029',
  });
  expect(storedError('07', secrets)).toBe('•••');
});

test('of a large answer the beginning is kept, without its secrets and within the limit', () => {
  const secrets = callSecrets({ pin: 4711 }, ['pin'], ['cred_abcdef']);
  const large = { pin: 4711, key: 'cred_abcdef', rows: Array.from({ length: 60_000 }, (_, row) => `"${row}" ü`) };
  const bytes = Buffer.byteLength(JSON.stringify(large));
  const stored = storedResult(large, secrets) as { truncated: boolean; bytes: number; beginning: string };
  expect(stored).toMatchObject({ truncated: true, bytes });
  expect(stored.beginning.startsWith('{"pin":"•••","key":"•••","rows":["')).toBe(true);
  expect(Buffer.byteLength(JSON.stringify(stored))).toBeLessThanOrEqual(RESULT_MAX_BYTES);
  expect(Buffer.byteLength(stored.beginning)).toBeGreaterThan(100_000);
  expect(storedResult('x'.repeat(17 * 1024 * 1024), secrets)).toEqual({ truncated: true, bytes: 17 * 1024 * 1024 + 2 });
});
