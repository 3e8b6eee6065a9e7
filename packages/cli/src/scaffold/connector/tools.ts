import { defineTool, defineTools } from '@holdpoint/sdk/define';
import { z } from 'zod';

const ticket = { ticket_id: z.string().min(1).max(64) };
/** Actions of one ticket run one after the other. */
const entityKey = ({ ticket_id }: { ticket_id: string }) => `ticket:${ticket_id}`;

/** What it can do. Every service reads this file, so that it does nothing when it is imported. */
export const tools = defineTools({
  name: 'example',
  tools: {
    'tickets.read': defineTool({ risk: 'read', args: z.strictObject(ticket), entityKey }),
    // Sent with the action's key, which the remote system honours: a call that may have happened is made again.
    'tickets.comment': defineTool({
      risk: 'write',
      args: z.strictObject({ ...ticket, text: z.string().min(1).max(2000) }),
      entityKey,
      idempotent: true,
    }),
    // The remote system takes no key here, but can be asked whether it happened: see `reconcile` in run.ts.
    'tickets.close': defineTool({
      risk: 'write',
      args: z.strictObject({ ...ticket, reason: z.string().min(1).max(500) }),
      entityKey,
      timeoutMs: 10_000,
    }),
  },
});
