// A ceiling: what one Node process gets acknowledged by JetStream, with nothing received and nothing verified.
import { eventId } from '@holdpoint/shared/domain/event';
import { eventSubject } from '@holdpoint/shared/messages/subjects';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats } from '@holdpoint/shared/runtime/nats';
import { headers } from '@nats-io/transport-node';
import { now, tell, wanted } from '../processes/tally.ts';
import { TENANT } from '../workspace.ts';

/** As many attributes, of about the same length, as an accepted delivery has. */
const ATTRIBUTES = {
  'ce-specversion': '1.0',
  'ce-source': 'payments',
  'ce-type': 'charge.succeeded',
  'ce-time': '2026-11-02T10:00:00.000Z',
  'ce-subject': 'ch_000000000000000000',
  'ce-tenantid': TENANT,
  'ce-deliveryid': 'evt_000000000000000000',
  'ce-signed': 'time-body',
  'ce-typesigned': 'true',
  'ce-digest': '0'.repeat(64),
  'content-type': 'application/json; charset=utf-8',
  traceparent: `00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-01`,
};

const [url = '', count = '0', inFlight = '1'] = process.argv.slice(2);
const nats = await connectNats({
  url,
  name: 'bench-publisher',
  logger: createLogger({ service: 'bench', level: 'warn', instance: 'publisher' }),
});
process.once('SIGTERM', () => void nats.close());
tell({ told: 'ready' });
await wanted('go');

const body = new Uint8Array(1_024).fill(120);
const times: number[] = [];
let next = 0;
const publishInTurn = async (): Promise<void> => {
  while (next < Number(count)) {
    const id = eventId('payments', 'charge.succeeded', (next++).toString(16).padStart(40, '0'));
    const attributes = headers();
    for (const [name, value] of Object.entries(ATTRIBUTES)) attributes.set(name, value);
    attributes.set('ce-id', id);
    attributes.set('ce-rootid', id);
    await nats.js.publish(eventSubject(TENANT, id), body, { headers: attributes });
    times.push(now());
  }
};
const startedAt = now();
await Promise.all(Array.from({ length: Number(inFlight) }, publishInTurn));
tell({ told: 'report', report: { times: [startedAt, ...times], hot: [], outOfOrder: 0 } });
