import type { SlackChannel } from '@holdpoint/shared/workspace/notifications';
import { z } from 'zod';
import { retryAfterMs } from '../core/delivery-backoff.ts';
import { type Outbound, post } from './outbound.ts';

export type SlackMethod = 'chat.postMessage' | 'chat.update' | 'views.open';

export type SlackAnswer =
  | { readonly ok: true; readonly body: { readonly ts?: string | undefined; readonly channel?: string | undefined } }
  | { readonly ok: false; readonly error: string; readonly afterMs?: number; readonly limited: boolean };

const answerSchema = z.object({
  ok: z.boolean(),
  error: z.string().max(200).optional(),
  ts: z.string().max(64).optional(),
  channel: z.string().max(64).optional(),
});
/** An answer repeats the message that was posted. */
const ANSWER_MAX_BYTES = 256 * 1024;

export async function callSlack(
  outbound: Outbound,
  { apiUrl, token }: Pick<SlackChannel, 'apiUrl' | 'token'>,
  method: SlackMethod,
  body: object,
  { signal, nowMs }: { readonly signal: AbortSignal; readonly nowMs: number },
): Promise<SlackAnswer> {
  const answer = await post(outbound, {
    url: new URL(method, apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`).href,
    headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    signal,
    answerMaxBytes: ANSWER_MAX_BYTES,
  });
  if (answer.status === 429) {
    const afterMs = retryAfterMs(answer.header('retry-after'), nowMs) ?? 1_000;
    return { ok: false, error: 'ratelimited', afterMs, limited: true };
  }
  const said = answerSchema.safeParse(parsed(answer.text));
  if (!said.success) return { ok: false, error: `answered ${answer.status}`, limited: false };
  if (said.data.ok) return { ok: true, body: said.data };
  const error = said.data.error ?? 'unknown_error';
  return { ok: false, error, limited: error === 'ratelimited' || error === 'rate_limited' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
