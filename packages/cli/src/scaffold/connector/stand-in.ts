import { type StandInRequest, type StandInResponse, startHttpStandIn } from '@holdpoint/conformance/http-stand-in';
import type { StandIn } from '@holdpoint/conformance/spec';
import { z } from 'zod';

const commentSchema = z.object({ text: z.string() });

/** The remote system's HTTP API on this machine, with one ticket in it. Answer as its documentation says that it does. */
export async function startStandIn(): Promise<StandIn> {
  const ticket = { id: 't1', status: 'open' };
  /** By their idempotency keys. */
  const comments = new Map<string, string>();

  function handle({ method, path, headers, body }: StandInRequest): StandInResponse {
    const [, id, what = ''] = path.slice(1).split('/');
    if (id !== ticket.id) return { status: 404, body: { error: 'there is no such ticket' } };
    switch (`${method} ${what}`) {
      case 'GET ':
        return { status: 200, body: ticket };
      case 'POST comments':
        comments.set(String(headers['idempotency-key']), commentSchema.parse(JSON.parse(body)).text);
        return { status: 201, body: { comments: comments.size } };
      case 'POST close':
        if (ticket.status === 'closed') return { status: 409, body: { error: 'it is closed already' } };
        ticket.status = 'closed';
        return { status: 200, body: ticket };
      default:
        return { status: 405 };
    }
  }

  const applied: Readonly<Record<string, (args: Readonly<Record<string, unknown>>) => number>> = {
    'tickets.comment': ({ text }) => [...comments.values()].filter((comment) => comment === text).length,
    'tickets.close': ({ ticket_id }) => Number(ticket_id === ticket.id && ticket.status === 'closed'),
  };
  const server = await startHttpStandIn({
    handle,
    rateLimited: (seconds) => ({ status: 429, headers: { 'retry-after': String(seconds) } }),
    exhausted: (response, seconds) => ({
      ...response,
      headers: { ...response.headers, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds) },
    }),
  });
  return {
    ...server,
    config: { baseUrl: server.url },
    credentials: { token: 'a-token-for-trials' },
    applied: (tool, args) => applied[tool]?.(args) ?? 0,
  };
}
