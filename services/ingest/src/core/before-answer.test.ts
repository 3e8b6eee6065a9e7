import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANNOTATIONS_MAX, type BeforeVerdict, mergeAnnotations, readBeforeAnswer } from './before-answer.ts';

const pass = (annotations = {}): BeforeVerdict => ({ kind: 'pass', annotations });
const hostile = {
  get pass(): boolean {
    throw new Error('no luck');
  },
};

describe('an answer of a before hook', () => {
  it.each<[string, unknown, BeforeVerdict]>([
    ['pass', 'pass', pass()],
    ['pass in an object', { pass: true }, pass()],
    [
      'pass with annotations',
      { pass: true, annotations: { tier: 'gold', n: 3, vip: false } },
      pass({ tier: 'gold', n: '3', vip: 'false' }),
    ],
    ['filter', { filter: 'too\nsmall' }, { kind: 'filter', reason: 'too small' }],
    ['reject', { reject: 'x'.repeat(999) }, { kind: 'reject', reason: `${'x'.repeat(299)}…` }],
    ['continue', { continue: true, ctx: {}, args: {} }, pass()],
    ['not continue', { continue: false, ctx: {}, args: {} }, { kind: 'filter', reason: 'continue: false' }],
  ])('is understood as %s', (_, answer, verdict) => {
    expect(readBeforeAnswer(answer)).toEqual(verdict);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['true', true],
    ['another word', 'ok'],
    ['no word', {}],
    ['two words', { pass: true, filter: 'small' }],
    ['pass that is not true', { pass: 'yes' }],
    ['a filter without a reason', { filter: ' ' }],
    ['a rejection that is no text', { reject: 404 }],
    ['something beside a filter', { filter: 'small', annotations: {} }],
    ['a misspelt annotation', { pass: true, annotation: {} }],
    ['continue that is no boolean', { continue: 1 }],
    ['a name that is none', { pass: true, annotations: { 'a-b': 1 } }],
    ['a name that an event has', { pass: true, annotations: { type: 'x' } }],
    ['a value that is no text', { pass: true, annotations: { tier: {} } }],
    ['an empty value', { pass: true, annotations: { tier: '' } }],
    ['a value too long', { pass: true, annotations: { tier: 'x'.repeat(257) } }],
    ['a value of two lines', { pass: true, annotations: { tier: 'a\nb' } }],
    ['one that throws when it is read', hostile],
  ])('that is %s is no answer', (_, answer) => {
    expect(readBeforeAnswer(answer)).toMatchObject({ kind: 'invalid', reason: expect.any(String) });
  });

  it('passes only where it says so, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (answer) => {
        const said = JSON.stringify(answer) ?? '';
        return readBeforeAnswer(answer).kind !== 'pass' || /pass|continue/.test(said);
      }),
    );
  });
});

describe('annotations of several hooks', () => {
  it('are put together, and the first to use a name keeps it', () => {
    expect(mergeAnnotations({ tier: 'gold' }, { tier: 'lead', region: 'eu' })).toEqual({ tier: 'gold', region: 'eu' });
  });

  it('are bounded in number and in bytes, as they will stand in the headers', () => {
    const many = (count: number, value: string) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, value]));
    expect(mergeAnnotations(many(ANNOTATIONS_MAX, 'x'), {})).toBeDefined();
    expect(mergeAnnotations(many(ANNOTATIONS_MAX, 'x'), { b: 'x' })).toBeUndefined();
    expect(mergeAnnotations(many(ANNOTATIONS_MAX, 'x'.repeat(256)), {})).toBeDefined();
    expect(mergeAnnotations(many(2, '\u{1f6a2}'.repeat(128)), {})).toBeDefined();
    expect(mergeAnnotations(many(3, '\u{1f6a2}'.repeat(128)), {})).toBeUndefined();
  });
});
