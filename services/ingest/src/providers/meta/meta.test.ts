import { expect, it } from 'vitest';
import { meta } from './meta.ts';

it('cannot be set up without the token that Meta will ask with', () => {
  for (const options of [undefined, {}, { verifyToken: '' }, { verifyToken: 7 }]) {
    expect(meta.configure(options)).toEqual([{ path: 'verifyToken', reason: expect.any(String) }]);
  }
  expect(meta.configure({ verifyToken: 'a', token: 'b' })).toEqual([{ path: '', reason: expect.any(String) }]);
  expect(meta.configure({ verifyToken: 'a' })).toHaveProperty('verify');
});
