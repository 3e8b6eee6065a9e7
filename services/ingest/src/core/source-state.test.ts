import { expect, test } from 'vitest';
import { type ResultSeen, sourceState } from './source-state.ts';

const seen = (result: string, minute: number, over: Partial<ResultSeen> = {}): ResultSeen => ({
  result,
  count: 1,
  at: new Date(Date.UTC(2026, 0, 1, 10, minute)),
  eventId: null,
  reason: null,
  help: null,
  ...over,
});

test('a source is failing when its last delivery failed, and no longer when one has succeeded since', () => {
  const refused = seen('refused', 5, { reason: 'signature_mismatch', help: 'another secret' });
  expect(sourceState([seen('accepted', 4), refused]).status).toBe('failing');
  expect(sourceState([refused]).status).toBe('failing');
  expect(sourceState([seen('duplicate', 6), refused])).toMatchObject({
    status: 'ok',
    last_failure: { at: '2026-01-01T10:05:00.000Z', reason: 'signature_mismatch', help: 'another secret' },
  });
});

test('what a hook filtered and what was a handshake went well; a batch with a dead item did not', () => {
  for (const result of ['filtered', 'handshake']) expect(sourceState([seen(result, 1)]).status).toBe('ok');
  expect(sourceState([seen('dead', 1)])).toMatchObject({ status: 'failing', last_failure: { result: 'dead' } });
});

test('the last delivery is the latest that went well, whatever its result', () => {
  const state = sourceState([seen('accepted', 3, { eventId: 'e1' }), seen('duplicate', 7, { eventId: 'e2' })]);
  expect(state.last_delivery).toEqual({ at: '2026-01-01T10:07:00.000Z', event_id: 'e2' });
});

test('every failure has a sentence for people', () => {
  const results = [
    'refused',
    'too_large',
    'incomplete',
    'forbidden',
    'rate_limited',
    'over_quota',
    'unavailable',
    'rejected',
    'dead',
  ];
  for (const result of results) {
    expect(sourceState([seen(result, 1)]).last_failure?.help.length, result).toBeGreaterThan(20);
  }
});
