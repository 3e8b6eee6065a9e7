import type { JsMsg } from '@nats-io/jetstream';
import type { ErrorCode } from '../domain/errors.ts';
import { nameSchema } from '../domain/names.ts';
import { DEAD_HEADERS } from '../messages/facts.ts';
import type { StreamName } from '../messages/streams.ts';
import { deadSubject } from '../messages/subjects.ts';
import { type Nats, publishAll } from './nats.ts';

const REASON_MAX_CHARS = 1024;
/** A subject is at most 4 KiB. */
const HEADERS_MAX_BYTES = 8 * 1024;
/** The server's own default, until it has said what it takes. */
const PAYLOAD_DEFAULT_BYTES = 1024 * 1024;

export interface DeadLetter {
  /** Where the message came from. */
  readonly stream: StreamName;
  readonly tenant: string;
  /** Who gives it up: the same message buried twice by one is one letter. */
  readonly by: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

/**
 * Moves what a consumer cannot take out of its way: the original bytes, the reason in headers. Resolves when DEAD has it. A message
 * that was as large as one may be leaves no room for the reason: of such a one the beginning is kept, and its size told.
 */
export async function deadLetter(nats: Pick<Nats, 'nc' | 'js'>, message: JsMsg, letter: DeadLetter): Promise<void> {
  const maxBytes = (nats.nc.info?.max_payload ?? PAYLOAD_DEFAULT_BYTES) - HEADERS_MAX_BYTES;
  const { data } = message;
  // Whoever published may have written anything where the tenant should stand.
  const tenant = nameSchema.safeParse(letter.tenant).success ? letter.tenant : '';
  await publishAll(nats.js, [
    {
      subject: deadSubject(letter.stream, tenant),
      id: `${letter.by}:${message.info.timestampNanos}:${message.seq}`,
      headers: {
        [DEAD_HEADERS.code]: letter.code,
        [DEAD_HEADERS.reason]: printable(letter.reason).slice(0, REASON_MAX_CHARS),
        [DEAD_HEADERS.subject]: printable(message.subject),
        [DEAD_HEADERS.sequence]: String(message.seq),
        ...(data.length > maxBytes && { [DEAD_HEADERS.size]: String(data.length) }),
      },
      body: data.subarray(0, maxBytes),
    },
  ]);
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');
