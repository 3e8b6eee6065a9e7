import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { playProvider, withHeader } from '../../testing/play-provider.ts';

/** What GitHub recorded; its types are of another shape than its file. */
const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as { name: string; examples: object[] }[];

const { delivery, verdict } = playProvider('github');
const sent = (type: string, body: string) => withHeader(delivery({ body }), 'x-github-event', type);

describe('GitHub’s type, which no signature covers', () => {
  it('is believed of every delivery that GitHub recorded', () => {
    let seen = 0;
    for (const { name, examples: bodies } of examples) {
      for (const body of bodies) {
        seen += 1;
        expect(verdict(sent(name, JSON.stringify(body))), name).toBe('accepted');
        const form = new URLSearchParams({ payload: JSON.stringify(body) }).toString();
        expect(verdict(sent(name, form)), `${name} as a form`).toBe('accepted');
      }
    }
    expect(seen).toBeGreaterThan(200);
  });

  it('is refused where the signed body cannot be of it', () => {
    const issue = '{"action":"opened","issue":{"number":7}}';
    for (const type of ['push', 'pull_request', 'ping', 'release', 'workflow_run', 'deployment']) {
      expect(verdict(sent(type, issue)), type).toBe('type_mismatch');
      expect(verdict(sent(type, `payload=${encodeURIComponent(issue)}`)), type).toBe('type_mismatch');
    }
  });

  it('is let be where nobody knows what its body must hold, or the body is not read', () => {
    const large = `{"action":"opened","pad":"${'x'.repeat(2 * 1024 * 1024)}"}`;
    for (const [type, body] of [
      ['star', '{}'],
      ['constructor', '{}'],
      ['push', 'no JSON'],
      ['push', '[1]'],
      ['push', large],
    ] as const) {
      expect(verdict(sent(type, body)), type).toBe('accepted');
    }
  });

  it('is looked at only under a good signature', () => {
    const good = sent('push', '{"issue":{}}');
    expect(verdict({ ...good, rawBody: Buffer.from('{"issue":{} }') })).toBe('signature_mismatch');
  });
});
