import type { JetStreamClient, JsMsg } from '@nats-io/jetstream';
import type { ErrorCode } from '../domain/errors.ts';
import { DEAD_HEADERS } from '../messages/facts.ts';
import type { StreamName } from '../messages/streams.ts';
import { deadSubject } from '../messages/subjects.ts';
import { publishAll } from './nats.ts';

const REASON_MAX_CHARS = 1024;

export interface DeadLetter {
  /** Where the message came from. */
  readonly stream: StreamName;
  readonly tenant: string;
  /** Who gives it up: the same message buried twice by one is one letter. */
  readonly by: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** Moves what a consumer cannot take out of its way: the original bytes, the reason in headers. Resolves when DEAD has it. */
export async function deadLetter(js: JetStreamClient, message: JsMsg, letter: DeadLetter): Promise<void> {
  await publishAll(js, [
    {
      subject: deadSubject(letter.stream, letter.tenant),
      id: `${letter.by}:${message.info.timestampNanos}:${message.seq}`,
      headers: {
        [DEAD_HEADERS.code]: letter.code,
        [DEAD_HEADERS.reason]: letter.reason.replace(/[^\x20-\x7e]/g, '?').slice(0, REASON_MAX_CHARS),
        [DEAD_HEADERS.subject]: message.subject,
        [DEAD_HEADERS.sequence]: String(message.seq),
      },
      body: message.data,
    },
  ]);
}
