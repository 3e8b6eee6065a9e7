import { defineTool, defineTools } from '@holdpoint/sdk/define';
import { z } from 'zod';

const issue = { repository: z.string().min(1).max(140), number: z.number().int().positive() };
const entityKey = (args: { repository: string; number: number }) => `issue:${args.repository}#${args.number}`;

/** An issue tracker in the manner of GitHub. */
export const desk = defineTools({
  name: 'desk',
  tools: {
    'issues.read': defineTool({ risk: 'read', args: z.strictObject(issue), entityKey }),
    'issues.label': defineTool({
      risk: 'write',
      args: z.strictObject({ ...issue, labels: z.array(z.string().min(1).max(50)).min(1).max(20) }),
      entityKey,
      idempotent: true,
    }),
    'issues.comment': defineTool({
      risk: 'write',
      args: z.strictObject({ ...issue, body: z.string().min(1).max(10_000) }),
      entityKey,
      idempotent: true,
    }),
  },
});

export default desk;
