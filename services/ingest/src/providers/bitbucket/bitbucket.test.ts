import { expect, it } from 'vitest';
import { playProvider, withHeader } from '../../testing/play-provider.ts';

const { delivery, verdict } = playProvider('bitbucket');
const under = (type: string, body: string) => verdict(withHeader(delivery({ body }), 'x-event-key', type));

it('a captured body under the name of another kind of event is refused', () => {
  const comment = '{"comment":{"id":1},"pullrequest":{"id":9},"repository":{}}';
  expect(under('pullrequest:comment_created', comment)).toBe('accepted');
  expect(under('repo:push', comment)).toBe('type_mismatch');
  expect(under('issue:created', comment)).toBe('type_mismatch');
  expect(under('repo:push', '{"push":{"changes":[]}}')).toBe('accepted');
});

it('a kind that is not known, and a body that is not understood, contradict nothing', () => {
  expect(under('pr:opened', '{"pullRequest":{"id":9}}')).toBe('accepted');
  expect(under('repo:push', '{"push":')).toBe('accepted');
});
