import type { ServerResponse } from 'node:http';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { APPROVAL_NEWS, type ApprovalFact, type ApprovalNews } from '@holdpoint/shared/messages/subjects';
import { type App, authenticated } from '@holdpoint/shared/runtime/http';
import { callerOf, createSlots } from '@holdpoint/shared/runtime/slots';
import type { HeardFact } from '../consumers/fact-feed.ts';
import type { Context } from '../context.ts';

const RETRY_MS = 2_000;

/** Server-sent events: what is said about the tenant's approvals from now on. Not a history: lists are for that. */
export function addStreamRoute(app: App, context: Context): void {
  const { limits } = context.config;
  const slots = createSlots({ max: limits.streamClientsMax, maxPerCaller: limits.streamClientsPerCallerMax });

  app.get(
    '/v1/approvals/stream',
    {
      onRequest: authenticated({ authenticator: context.authenticator, scope: 'read' }),
      schema: {
        tags: ['approvals'],
        summary: `Server-sent events: ${APPROVAL_NEWS.map((news) => `approval.${news}`).join(', ')}, approval.resolved`,
        produces: ['text/event-stream'],
      },
    },
    async ({ principal }, reply) => {
      const leave = slots.take(callerOf(principal));
      if (!leave) throw new HoldpointError('RATE_LIMIT', 'too many open streams', { retry_after_seconds: 10 });
      context.metrics.streams(slots.taken);
      let unlisten: (() => void) | undefined;
      try {
        const waiting: HeardFact[] = [];
        let hear = (heard: HeardFact): void => void waiting.push(heard);
        unlisten = await context.facts.listen(principal.tenant, (heard) => hear(heard));
        reply.hijack();
        const send = openStream(reply.raw, limits.streamBufferMaxBytes);
        hear = (heard) => send(eventOf(heard));
        for (const heard of waiting) hear(heard);
        await streamEnd(reply.raw, context, () => send(': still here\n\n'));
      } finally {
        unlisten?.();
        leave();
        context.metrics.streams(slots.taken);
      }
    },
  );
}

/** Everything after this is in a well-formed stream. A reader too slow for it is cut off, and comes again. */
function openStream(raw: ServerResponse, bufferMaxBytes: number): (text: string) => void {
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Nothing follows on it: kept alive, it would hold up the drain.
    connection: 'close',
    'x-accel-buffering': 'no',
  });
  raw.on('error', () => raw.destroy());
  raw.write(`retry: ${RETRY_MS}\n: listening\n\n`);
  return (text) => {
    if (raw.writableEnded || raw.destroyed) return;
    if (raw.writableLength > bufferMaxBytes) raw.destroy();
    else raw.write(text);
  };
}

/** Of each fact once, however many read of it. */
const events = new WeakMap<HeardFact, string>();

function eventOf(heard: HeardFact): string {
  const known = events.get(heard);
  if (known !== undefined) return known;
  const { fact, approval } = heard;
  const name = isNews(fact) ? fact : 'resolved';
  // JSON has no raw line breaks, so one data line holds it.
  const event = `event: approval.${name}\ndata: ${JSON.stringify(approval)}\n\n`;
  events.set(heard, event);
  return event;
}

const isNews = (fact: ApprovalFact): fact is ApprovalNews => (APPROVAL_NEWS as readonly string[]).includes(fact);

/** Resolves when the reader leaves, the service drains or the stream has lasted long enough. */
async function streamEnd(raw: ServerResponse, { config, draining }: Context, beat: () => void): Promise<void> {
  const heartbeat = setInterval(beat, config.limits.streamHeartbeatMs);
  let lifetime: NodeJS.Timeout | undefined;
  let onDrain: (() => void) | undefined;
  await new Promise<void>((resolve) => {
    if (draining.aborted || raw.destroyed) return resolve();
    onDrain = resolve;
    draining.addEventListener('abort', resolve as () => void);
    raw.once('close', resolve);
    lifetime = setTimeout(resolve, config.limits.streamMaxMs);
  });
  clearInterval(heartbeat);
  clearTimeout(lifetime);
  if (onDrain) draining.removeEventListener('abort', onDrain);
  raw.end();
}
