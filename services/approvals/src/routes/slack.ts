import { setTimeout as delay } from 'node:timers/promises';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { App } from '@holdpoint/shared/runtime/http';
import { z } from 'zod';
import { isSignedBySlack } from '../channels/slack-signature.ts';
import type { Context } from '../context.ts';
import { readInteraction } from '../core/slack-interaction.ts';
import { interact, type SlackReply } from '../interact.ts';

/** Slack shows a failure after three seconds. What takes longer goes on, and is told in the channel. */
const ANSWER_MAX_MS = 2_500;

/** Where Slack sends what people click. The signature is over the bytes, so they are read as they come. */
export async function addSlackRoute(app: App, context: Context): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.post(
      '/slack/:tenant/interactions',
      {
        schema: {
          tags: ['slack'],
          summary: 'Clicks in Slack, signed by it',
          security: [],
          params: z.object({ tenant: z.string() }),
        },
      },
      async (request, reply) => {
        const { tenant } = request.params as { tenant: string };
        const channels = context.directory.slackOf(tenant);
        if (channels.length === 0) throw new HoldpointError('NOT_FOUND', 'no such route');
        const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const signed = {
          signature: headerOf(request.headers['x-slack-signature']),
          timestamp: headerOf(request.headers['x-slack-request-timestamp']),
          rawBody,
        };
        const signing = channels.filter(({ signingSecret }) =>
          isSignedBySlack(signed, signingSecret, context.clock().getTime()),
        );
        if (signing.length === 0) {
          throw new HoldpointError('WEBHOOK_SIGNATURE_INVALID', 'Slack has not signed this, or too long ago');
        }
        const answer = await withinTime(
          context,
          interact(context, tenant, signing, readInteraction(payloadOf(rawBody))),
        );
        return reply.code(200).send(answer);
      },
    );
  });
}

async function withinTime({ logger }: Context, work: Promise<SlackReply>): Promise<SlackReply> {
  const timer = new AbortController();
  work.catch((err: unknown) => {
    if (timer.signal.aborted) logger.error({ err }, 'a click in Slack came to nothing');
  });
  const late = delay(ANSWER_MAX_MS, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

function payloadOf(rawBody: Buffer): unknown {
  try {
    return JSON.parse(new URLSearchParams(rawBody.toString('utf8')).get('payload') ?? '');
  } catch {
    return undefined;
  }
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
