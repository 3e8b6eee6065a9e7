import { createHmac } from 'node:crypto';
import { mutated, mutatedText, NASTY } from '@holdpoint/shared/testing/hostile';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSignedBySlack } from '../channels/slack-signature.ts';
import { deliveryBackoffMs, retryAfterMs } from './delivery-backoff.ts';
import { GATEWAY_ROUTES, upstreamPath } from './gateway-routes.ts';
import { carriedBy, readInteraction, slackPerson } from './slack-interaction.ts';
import { SLACK_ACTIONS, SLACK_DENIAL } from './slack-message.ts';

const about = { approvalId: '019a0000-0000-7000-8000-000000000001', responseUrl: 'https://hooks.slack.test/1' };
const CLICK = {
  type: 'block_actions',
  user: { id: 'U1' },
  trigger_id: 't',
  response_url: about.responseUrl,
  actions: [{ action_id: SLACK_ACTIONS.approve, value: about.approvalId }],
};
const SUBMISSION = {
  type: 'view_submission',
  user: { id: 'U1' },
  view: {
    callback_id: SLACK_DENIAL.callback,
    private_metadata: carriedBy(about),
    state: { values: { [SLACK_DENIAL.block]: { [SLACK_DENIAL.input]: { value: 'no' } } } },
  },
};

test('whatever Slack has signed is one of a few things, each bounded and with a reason that can be stored', () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(fc.oneof(mutated(CLICK), mutated(SUBMISSION)), (payload) => {
      const read = readInteraction(payload);
      kinds.add(read.kind);
      if (read.kind === 'other') return;
      expect(read.user.length).toBeLessThanOrEqual(64);
      expect(read.approvalId.length).toBeLessThanOrEqual(64);
      expect(['http:', 'https:']).toContain(new URL(read.responseUrl).protocol);
      if (read.kind === 'deny' && read.reason !== undefined) {
        expect(read.reason.isWellFormed() && !read.reason.includes('\0') && read.reason.length > 0).toBe(true);
      }
      expect(slackPerson([{ users: {} } as never], 'acme', read.user)).toBeUndefined();
    }),
    { numRuns: 1500 },
  );
  expect(kinds.size).toBeGreaterThan(2);
  for (const name of ['__proto__', 'constructor', 'toString']) {
    expect(slackPerson([{ users: {} } as never], 'acme', name)).toBeUndefined();
  }
});

test('a signature of Slack’s is good for its bytes and its time alone', () => {
  const rawBody = Buffer.from('payload=%7B%7D');
  const signature = `v0=${createHmac('sha256', 'secret').update('v0:1000:payload=%7B%7D').digest('hex')}`;
  const good = { signature, timestamp: '1000', rawBody };
  expect(isSignedBySlack(good, 'secret', 1_000_000)).toBe(true);
  fc.assert(
    fc.property(
      mutatedText(signature),
      mutatedText('1000'),
      fc.uint8Array({ maxLength: 20 }),
      (forged, timestamp, bytes) => {
        const body = Buffer.from(bytes);
        for (const one of [
          { ...good, signature: forged },
          { ...good, timestamp },
          { ...good, rawBody: body },
        ]) {
          const same = one.signature === signature && one.timestamp === '1000' && one.rawBody.equals(rawBody);
          expect(isSignedBySlack(one, 'secret', 1_000_000)).toBe(same);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('whatever a receiver asks to be left alone for, the wait is a bounded number', () => {
  const said = fc.oneof(
    mutatedText('120'),
    mutatedText('Sun, 22 Nov 2026 06:00:00 GMT'),
    fc.constantFrom(...NASTY.map(String)),
  );
  fc.assert(
    fc.property(
      said,
      fc.integer({ min: 1, max: 10 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (header, attempt, random) => {
        const asked = retryAfterMs(header, Date.parse('2026-11-22T00:00:00Z'));
        const wait = deliveryBackoffMs(attempt, random, asked);
        expect(wait >= 0 && wait <= 3_600_000, `${wait}`).toBe(true);
      },
    ),
    { numRuns: 1000 },
  );
});

test('what the console asks of a service stays the route that it is, whatever stands in its parameters', () => {
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom('.', '..', '../..', '%2e%2e', '/', '?', '#', '__proto__', 'a b', ''),
  );
  fc.assert(
    fc.property(fc.constantFrom(...GATEWAY_ROUTES), value, ({ route }, id) => {
      const path = upstreamPath(route, { id }, '');
      if (path === undefined) return;
      const { pathname, search, hash } = new URL(path, 'http://service.test');
      expect([search, hash]).toEqual(['', '']);
      expect(pathname.split('/')).toHaveLength(route.split('/').length);
      expect(pathname.startsWith(route.split(':')[0] ?? '')).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
