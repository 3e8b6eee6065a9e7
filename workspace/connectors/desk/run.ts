import { defineConnector } from '@holdpoint/sdk/define';
import { callShop } from '../../lib/call-shop.ts';
import type { desk } from './tools.ts';

export default defineConnector<typeof desk>({
  run: {
    'issues.read': (args, ctx) => callShop(ctx, 'GET', path(args)),
    'issues.label': ({ labels, ...issue }, ctx) => callShop(ctx, 'POST', path(issue, 'labels'), { labels }),
    'issues.comment': ({ body, ...issue }, ctx) => callShop(ctx, 'POST', path(issue, 'comments'), { body }),
  },
});

const path = (issue: { repository: string; number: number }, verb?: string): string =>
  `/issues/${encodeURIComponent(`${issue.repository}#${issue.number}`)}${verb ? `/${verb}` : ''}`;
