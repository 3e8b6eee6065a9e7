import { expect, it } from 'vitest';
import type { Provider } from '../provider.ts';
import { meta } from './meta.ts';

it('takes a token that Meta will ask with, and answers no challenge without one', () => {
  for (const options of [undefined, {}]) {
    const query = new URLSearchParams('hub.mode=subscribe&hub.verify_token=&hub.challenge=1');
    const scheme = meta.configure(options) as Provider;
    expect(scheme.challenge?.({ query, headers: {}, secrets: ['a secret'] })).toBeUndefined();
  }
  for (const options of [{ verifyToken: '' }, { verifyToken: 7 }]) {
    expect(meta.configure(options)).toEqual([{ path: 'verifyToken', reason: expect.any(String) }]);
  }
  expect(meta.configure({ verifyToken: 'a', token: 'b' })).toEqual([{ path: '', reason: expect.any(String) }]);
  expect(meta.configure({ verifyToken: 'a' })).toHaveProperty('verify');
});

it('answers a challenge once the token is known, and nobody else', () => {
  const answered = (query: string) => {
    const scheme = meta.configure({ verifyToken: 'a token' }) as Provider;
    return scheme.challenge?.({ query: new URLSearchParams(query), headers: {}, secrets: [] })?.body;
  };
  const known = 'hub.mode=subscribe&hub.verify_token=a%20token';
  expect(answered(`${known}&hub.challenge=1158201444`)).toBe('1158201444');
  for (const query of [
    known,
    `${known}&hub.challenge=1&hub.challenge=2`,
    `${known}&hub.challenge=<b>1</b>`,
    `${known}&hub.challenge=${'1'.repeat(129)}`,
    'hub.mode=subscribe&hub.challenge=1',
    'hub.mode=subscribe&hub.verify_token=&hub.challenge=1',
    'hub.mode=subscribe&hub.verify_token=a%20token%20&hub.challenge=1',
    'hub.mode=unsubscribe&hub.verify_token=a%20token&hub.challenge=1',
    'hub.verify_token=a%20token&hub.challenge=1',
  ]) {
    expect(answered(query), query).toBeUndefined();
  }
});
