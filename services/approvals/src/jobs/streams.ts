import { STREAMS } from '@holdpoint/shared/messages/streams';
import { ensureStreams } from '@holdpoint/shared/runtime/nats';
import { type Poll, startPoll } from '@holdpoint/shared/runtime/poll';
import type { Context } from '../context.ts';

const STREAMS_POLL_MS = 30_000;

/** Keeps the streams there that are published to from here: a server may come late, or come back without its disk. */
export function startStreams({ nats, logger }: Context): Poll {
  return startPoll({
    name: 'streams',
    everyMs: STREAMS_POLL_MS,
    // Approvals go on without: their facts wait in the outbox.
    backoffMaxMs: STREAMS_POLL_MS,
    run: () => ensureStreams(nats.jsm, [STREAMS.APPROVALS, STREAMS.OUTCOMES, STREAMS.DEAD], logger),
    onError: (err) => logger.warn({ err }, 'the streams could not be set up, trying again'),
  });
}
