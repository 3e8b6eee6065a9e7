import { defineConformance } from '@holdpoint/conformance/spec';
import { startStandIn } from './stand-in.ts';

const known = { ticket_id: 't1' };
const absent = { ticket_id: 't404' };

/** What `holdpoint connectors test` tries the tools with. */
export const conformance = defineConformance({
  start: startStandIn,
  tools: {
    'tickets.read': { args: known, invalid: [{}], rejected: absent },
    'tickets.comment': {
      args: { ...known, text: 'A spare part is on its way.' },
      invalid: [known],
      rejected: { ...absent, text: 'Nobody reads this.' },
    },
    'tickets.close': {
      args: { ...known, reason: 'solved' },
      invalid: [{ ...known, reason: '' }],
      rejected: { ...absent, reason: 'solved' },
    },
  },
});
