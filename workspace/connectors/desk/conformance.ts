import { defineConformance } from '@holdpoint/conformance/spec';
import { type PostedTool, startShopStandIn } from '../../shop/stand-in.ts';

const onIssue = (effect: PostedTool['effect']): PostedTool => ({
  effect,
  idOf: ({ repository, number }) => `${repository}#${number}`,
  inPath: ['repository', 'number'],
});

const issue = { repository: 'acme/shop', number: 7 };

export default defineConformance({
  start: () =>
    startShopStandIn({ 'issues.label': onIssue('issues/labels'), 'issues.comment': onIssue('issues/comments') }),
  tools: {
    'issues.read': { args: issue, invalid: [{ ...issue, number: 0 }] },
    'issues.label': { args: { ...issue, labels: ['late'] }, invalid: [{ ...issue, labels: [] }] },
    'issues.comment': { args: { ...issue, body: 'On its way.' }, invalid: [issue] },
  },
  without: { exhausted: 'the desk publishes no allowance' },
});
