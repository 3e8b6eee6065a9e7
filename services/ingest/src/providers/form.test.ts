import { mutatedText } from '@holdpoint/shared/testing/hostile';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PARSE_MAX_BYTES } from './body.ts';
import { formFields, formObject } from './form.ts';

test('any form is read as the platform reads it, and names of prototypes are names', () => {
  fc.assert(
    fc.property(mutatedText('payload=%7B%22a%22%3A1%7D&__proto__=x&a=1&a=2&constructor=%00'), (text) => {
      const fields = formFields(Buffer.from(text)) ?? [];
      expect(fields).toEqual([...new URLSearchParams(`&${Buffer.from(text).toString()}`)]);
      const [first] = fields;
      if (first) expect(formObject(Buffer.from(text))[first[0]]).toBe(first[1]);
    }),
    { numRuns: 500 },
  );
  expect({}).not.toHaveProperty('x');
});

test('a form of more fields or bytes than a provider sends is none', () => {
  expect(formFields(Buffer.from('a&'.repeat(999)))).toHaveLength(999);
  expect(formFields(Buffer.from('a&'.repeat(1_000)))).toBeUndefined();
  expect(formFields(Buffer.alloc(PARSE_MAX_BYTES + 1, 'a'))).toBeUndefined();
});
