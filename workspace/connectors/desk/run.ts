import { defineConnector } from '@holdpoint/sdk/define';
import { callRemote } from '../../lib/remote.ts';
import type { desk } from './tools.ts';

export default defineConnector<typeof desk>({
  run: {
    'issues.read': (args, ctx) => callRemote(ctx, 'GET', path(args)),
    'issues.label': ({ labels, ...issue }, ctx) => callRemote(ctx, 'POST', path(issue, 'labels'), { labels }),
    'issues.comment': ({ body, ...issue }, ctx) => callRemote(ctx, 'POST', path(issue, 'comments'), { body }),
  },
});

const path = (issue: { repository: string; number: number }, verb?: string): string =>
  `/issues/${encodeURIComponent(`${issue.repository}#${issue.number}`)}${verb ? `/${verb}` : ''}`;
