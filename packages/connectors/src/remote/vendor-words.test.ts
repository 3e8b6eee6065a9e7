import { expect, test } from 'vitest';
import { sentProofs, vendorWords } from './vendor-words.ts';

test("a vendor's words become one bounded line", () => {
  expect(vendorWords(' No such\r\n\tcharge:\u0000 ch_1\u202e \n')).toBe('No such charge: ch_1');
  expect([...vendorWords('🙂'.repeat(5000))]).toHaveLength(200);
  expect(vendorWords('x'.repeat(200))).toBe('x'.repeat(200));
});

test('what was sent as a proof does not come back, in whole or without its scheme', () => {
  const proofs = sentProofs(new Headers({ authorization: 'Basic dXNlcjpwYXNz', cookie: 'sid=abcdef; a=b' }));
  expect(vendorWords('bad dXNlcjpwYXNz, sid=abcdef; a=b, Basic dXNlcjpwYXNz', proofs)).toBe('bad •••, •••, •••');
  const key = sentProofs(new Headers({ 'x-api-key': 'k-123456', accept: 'text/html' }));
  expect(vendorWords('k-123456 may not read text/html', key)).toBe('••• may not read text/html');
  expect(vendorWords('Basic is not supported', proofs)).toBe('Basic is not supported');
});
