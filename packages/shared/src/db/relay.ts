import { type Kysely, sql } from 'kysely';
import { DEAD_HEADERS } from '../messages/facts.ts';
import { streamOfSubject } from '../messages/streams.ts';
import { deadSubject } from '../messages/subjects.ts';
import type { Logger } from '../runtime/logger.ts';
import { type Nats, type OutgoingMessage, publishAll } from '../runtime/nats.ts';
import { type Poll, startPoll } from '../runtime/poll.ts';
import type { Database } from './schema/index.ts';
import type { OutboxMessage } from './schema/outbox.ts';

/** Rows of one round: many enough to fill a flight of publishes, few enough to be short under lock. */
const ROWS_MAX = 100;

/**
 * The loop that every service runs: at once when nudged after a commit, and now and then for what another instance left.
 * While NATS is away the rows wait.
 */
export function startRelay(options: {
  readonly db: Kysely<Database>;
  readonly nats: Nats;
  readonly logger: Logger;
}): Poll {
  const { nats, logger } = options;
  const publish: PublishAll = (messages) => {
    const maxBytes = (nats.nc.info?.max_payload ?? PAYLOAD_DEFAULT_BYTES) - HEADERS_MAX_BYTES;
    return publishAll(
      nats.js,
      messages.map((message) => outgoing(message, maxBytes, logger)),
    );
  };
  return startPoll({
    name: 'relay',
    everyMs: RELAY_EVERY_MS,
    backoffMaxMs: 2_000,
    async run(signal) {
      while (!signal.aborted && (await relayOnce(options.db, publish)).more);
    },
    onError: (error) => options.logger.warn({ err: error }, 'relay: facts wait in the outbox'),
  });
}

const RELAY_EVERY_MS = 500;
/** The server's own default, until it has said what it takes. */
const PAYLOAD_DEFAULT_BYTES = 1024 * 1024;
const HEADERS_MAX_BYTES = 16 * 1024;

/**
 * A fact that no message can hold would keep all others from leaving. Writers split facts long before; what is too large all
 * the same leaves as a dead letter that says where the truth is.
 */
function outgoing({ body, ...message }: OutboxMessage, maxBytes: number, logger: Logger): OutgoingMessage {
  const text = JSON.stringify(body);
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return { ...message, body: text };
  const { subject, id } = message;
  logger.error({ subject, id, bytes, maxBytes }, 'relay: a fact is too large for a message; its rows tell the same');
  return {
    subject: deadSubject(streamOfSubject(subject), subject.split('.')[1] ?? ''),
    id,
    headers: {
      [DEAD_HEADERS.code]: 'PAYLOAD_TOO_LARGE',
      [DEAD_HEADERS.reason]: `${bytes} bytes, of which a message holds ${maxBytes}; read it from the API`,
      [DEAD_HEADERS.subject]: subject,
    },
    body: JSON.stringify({ id, subject, bytes }),
  };
}

/** Publishes and returns when every message is acknowledged; throws if one was not. */
export type PublishAll = (messages: readonly OutboxMessage[]) => Promise<void>;

/**
 * Publishes what waits in the outbox and deletes it after the last PubAck, in one transaction: rows that another instance
 * is publishing are passed over, a crash leaves them for the next. Returns how many rows left; fewer than asked = empty.
 */
export async function relayOnce(
  db: Kysely<Database>,
  publishAll: PublishAll,
): Promise<{ rows: number; more: boolean }> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ messages: OutboxMessage[] }>`
      DELETE FROM outbox WHERE id = ANY (ARRAY(
        SELECT id FROM outbox ORDER BY id LIMIT ${ROWS_MAX} FOR UPDATE SKIP LOCKED))
      RETURNING messages`.execute(tx);
    if (rows.length > 0) await publishAll(rows.flatMap((row) => row.messages));
    return { rows: rows.length, more: rows.length === ROWS_MAX };
  });
}
