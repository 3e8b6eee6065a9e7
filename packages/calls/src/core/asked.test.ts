import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterAsking } from './asked.ts';
import type { CallEnd } from './call-end.ts';
import type { AttemptFacts } from './end-attempt.ts';

const facts = (over: Partial<AttemptFacts> = {}): AttemptFacts => ({
  tool: { risk: 'write' },
  attempts: 2,
  unsure: true,
  askInMs: 100,
  random: 0.5,
  ...over,
});
const answer = (result: unknown, over: Partial<AttemptFacts> = {}) =>
  afterAsking({ kind: 'answered', result }, facts(over));

test('applied is recorded, with the result where it is given', () => {
  expect(answer('applied')).toEqual({ end: { to: 'applied', result: null }, settles: true });
  expect(answer({ applied: { id: 7 } })).toEqual({ end: { to: 'applied', result: { id: 7 } }, settles: true });
  expect(answer({ applied: undefined })).toMatchObject({ end: { to: 'applied' } });
});

test('not applied is run, or has failed where there are no tries left: it is known that nothing happened', () => {
  expect(answer('not_applied')).toEqual({ run: true });
  expect(answer('not_applied', { attempts: 5 })).toEqual({ run: true });
  expect(answer('not_applied', { attempts: 6 })).toMatchObject({ end: { to: 'failed' }, settles: true });
});

test('whatever else is answered waits for a person, with an error that says why', () => {
  expect(answer('unknown')).toMatchObject({ end: { to: 'indeterminate', error: expect.stringContaining('not know') } });
  for (const [odd, shown] of [
    ['APPLIED', '"APPLIED"'],
    [true, 'boolean'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ not_applied: 1 }, 'object'],
    [Object.create({ applied: 1 }), 'object'],
  ]) {
    expect(answer(odd)).toMatchObject({
      end: { to: 'indeterminate', error: expect.stringContaining(`reconcile answered ${shown} `) },
      settles: true,
    });
  }
});

test('a question without an answer is asked again, later each time, and not for ever', () => {
  const lost: CallEnd = { kind: 'unknown', message: 'no answer within 5 ms' };
  expect(afterAsking(lost, facts())).toMatchObject({ end: { to: 'queued', unsure: true }, settles: false });
  expect(afterAsking(lost, facts({ attempts: 9 }))).toMatchObject({ end: { to: 'queued' } });
  expect(afterAsking(lost, facts({ attempts: 10 }))).toMatchObject({ end: { to: 'indeterminate' }, settles: true });
  const limited: CallEnd = { kind: 'retry', message: 'slow down', retryAfterMs: 3_000 };
  expect(afterAsking(limited, facts({ random: 0 }))).toMatchObject({ end: { to: 'queued', retry_in_ms: 3_000 } });
  expect(afterAsking({ kind: 'refused', message: 'no' }, facts())).toMatchObject({ end: { to: 'indeterminate' } });
});

test('nothing but the word not_applied ever lets it run again', () => {
  fc.assert(
    fc.property(fc.anything(), fc.integer({ min: 1, max: 20 }), (result, attempts) => {
      fc.pre(result !== 'not_applied');
      expect(answer(result, { attempts })).not.toHaveProperty('run');
    }),
  );
});
