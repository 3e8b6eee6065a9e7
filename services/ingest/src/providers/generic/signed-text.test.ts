import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENDPOINT, NOW_SECONDS } from '../../testing/play-provider.ts';
import type { SignedDelivery } from '../provider.ts';
import { generic } from './generic.ts';
import { fillSignedText, parseSignedText } from './signed-text.ts';

// Few characters, and those of the separators, so that values run into one another where they can.
const little = fc.string({ unit: fc.constantFrom('a', '.', ':', '1'), maxLength: 4 });
const templates = fc
  .shuffledSubarray(['{timestamp}', '{id}', '{method}', '{url}', '{body}'], { minLength: 1 })
  .chain((names) => fc.tuple(fc.constant(names), fc.array(little, { minLength: names.length + 1, maxLength: 6 })))
  .map(([names, literals]) =>
    names.reduce((text, name, at) => text + name + (literals[at + 1] ?? ''), literals[0] ?? ''),
  );
const values = fc.record({
  id: little,
  query: little,
  body: little,
  timestamp: fc.integer({ min: -300, max: 300 }).map((offset) => String(NOW_SECONDS + offset)),
});
type Values = typeof values extends fc.Arbitrary<infer V> ? V : never;

describe('a template', () => {
  it('that is taken signs no two different deliveries as one text', () => {
    let [taken, filled] = [0, 0];
    fc.assert(
      fc.property(templates, values, values, fc.nat(), (template, one, other, at) => {
        const text = parseSignedText(template);
        if (typeof text === 'string') return;
        taken += 1;
        const signed = fill(template, one);
        if (signed === undefined) return;
        filled += 1;
        for (const rival of [other, ...rivals(signed, one, at)]) {
          if (fill(template, rival) === signed) expect(covered(template, rival)).toEqual(covered(template, one));
        }
      }),
      { numRuns: 3_000 },
    );
    expect(Math.min(taken, filled)).toBeGreaterThan(300);
  });

  it('that is refused for two parts side by side would have', () => {
    expect(parseSignedText('{id}{body}')).toContain('stand side by side');
    const [one, other] = [
      ['a', '1{}'],
      ['a1', '{}'],
    ];
    expect(one?.join('')).toBe(other?.join(''));
  });
});

describe('options', () => {
  it('may be any JSON: they are refused with a reason, and nothing is thrown', () => {
    const known = fc.record(
      {
        algorithm: fc.constantFrom('hmac-sha256', 'ed25519', 'none'),
        encoding: fc.constantFrom('hex', 'base64'),
        header: fc.constantFrom('x-signature', '', 7),
        sign: fc.oneof(templates, fc.string()),
        timestamp: fc.oneof(fc.jsonValue(), fc.constant({ header: 'x-time' })),
        id: fc.oneof(fc.jsonValue(), fc.constant({ header: 'x-id' })),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), known), (options) => {
        const configured = generic.configure(options);
        if (!Array.isArray(configured)) return;
        expect(configured.length).toBeGreaterThan(0);
        for (const { reason } of configured) expect(reason).not.toBe('');
      }),
    );
  });
});

/** The text of a delivery as it would be signed. */
function fill(template: string, { id, query, body, timestamp }: Values): string | undefined {
  const text = parseSignedText(template);
  if (typeof text === 'string') throw new Error(text);
  const delivery = { rawBody: Buffer.from(body), method: 'POST', url: ENDPOINT, query } as SignedDelivery;
  const parts = fillSignedText(text, delivery, { id, timestamp });
  return parts && Buffer.concat(parts.map((part) => Buffer.from(part as string))).toString();
}

/** What an attacker would try: the same characters, cut elsewhere. */
function rivals(signed: string, { id, query, body, timestamp }: Values, at: number): Values[] {
  const cut = (text: string) => [text.slice(0, at % (text.length + 1)), text.slice(at % (text.length + 1))] as const;
  const [head, tail] = cut(body);
  const [idHead, idTail] = cut(id);
  const separators = ['', '.', ':', 'a', '1', ...signed.split(ENDPOINT)];
  return separators.flatMap((gap) => [
    { id: id + gap + head, query, body: tail, timestamp },
    { id: idHead, query, body: idTail + gap + body, timestamp },
    { id: tail + gap + id, query, body: head, timestamp },
    { id: idTail, query, body: body + gap + idHead, timestamp },
    { id, query: query + gap + head, body: tail, timestamp },
    { id, query: cut(query)[0], body: cut(query)[1] + gap + body, timestamp },
    { id: id + gap + head, query: tail, body: query, timestamp },
  ]);
}

/** What of the values the template puts under the signature. */
function covered(template: string, { id, query, body, timestamp }: Values): unknown {
  return [
    template.includes('{id}') && id,
    template.includes('{url}') && query,
    template.includes('{timestamp}') && timestamp,
    body,
  ];
}
