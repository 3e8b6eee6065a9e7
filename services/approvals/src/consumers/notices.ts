import { CONSUMERS, DELIVERIES_MAX } from '@holdpoint/shared/messages/consumers';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { parseApprovalSubject } from '@holdpoint/shared/messages/subjects';
import { deadLetter } from '@holdpoint/shared/runtime/dead-letter';
import { isDependencyLoss } from '@holdpoint/shared/runtime/dependency-loss';
import { type BatchConsumer, consumeBatches, ensureConsumer, ensureStreams } from '@holdpoint/shared/runtime/nats';
import type { JsMsg } from '@nats-io/jetstream';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { notifyOf } from '../notify.ts';

/** The message says where to look; the row says what there is to tell. */
const bodySchema = z.object({ id: z.uuid(), tenant: z.string() });
const AGAIN_MS = 5_000;
const REASON_MAX_CHARS = 500;

/** Takes facts about approvals: acknowledged once what they ask for is recorded, or once dead-lettered. */
export function consumeNotices(context: Context, nudgeSending: () => void): BatchConsumer {
  const { nats, logger } = context;
  const { stream, config } = CONSUMERS.notices;
  return consumeBatches({
    js: nats.js,
    stream,
    durable: config.durable_name,
    logger,
    ensure: async () => {
      await ensureStreams(nats.jsm, [STREAMS.APPROVALS, STREAMS.DEAD], logger);
      await ensureConsumer(nats.jsm, CONSUMERS.notices);
    },
    async handle(messages) {
      try {
        await take(context, messages);
      } finally {
        nudgeSending();
      }
    },
  });
}

async function take(context: Context, messages: readonly JsMsg[]): Promise<void> {
  const read = messages.map((message) => ({ message, body: bodyOf(message) }));
  const facts = read.flatMap(({ message, body }) => (body ? [{ message, id: body.id, tenant: body.tenant }] : []));
  await takeFacts(
    context,
    facts.filter(({ tenant }) => context.directory.of(tenant).length > 0),
  );
  for (const { message } of facts) message.ack();
  for (const { message, body } of read) {
    if (body !== undefined) continue;
    await bury(context, message, 'it is no fact about an approval of its tenant');
    message.ack();
  }
}

/** All at once; where that fails, each alone, so that none keeps the others waiting. */
async function takeFacts(context: Context, facts: readonly Fact[]): Promise<void> {
  try {
    await notifyOf(context, [...new Set(facts.map(({ id }) => id))]);
  } catch (error) {
    if (isDependencyLoss(error)) throw error;
    for (const fact of facts) await takeAlone(context, fact);
  }
}

/** What fails comes again, and not for ever. A message is answered once: the acknowledgement that follows is no other. */
async function takeAlone(context: Context, { message, id }: Fact): Promise<void> {
  try {
    await notifyOf(context, [id]);
  } catch (error) {
    if (isDependencyLoss(error)) throw error;
    if (message.info.deliveryCount < DELIVERIES_MAX) return message.nak(AGAIN_MS);
    await bury(context, message, `nobody could be told of it: ${error instanceof Error ? error.message : error}`);
  }
}

interface Fact {
  readonly message: JsMsg;
  readonly id: string;
}

function bodyOf(message: JsMsg): z.infer<typeof bodySchema> | undefined {
  try {
    const body = bodySchema.parse(message.json());
    return body.tenant === parseApprovalSubject(message.subject).tenant ? body : undefined;
  } catch {
    return undefined;
  }
}

async function bury({ nats, logger }: Context, message: JsMsg, reason: string): Promise<void> {
  logger.warn({ subject: message.subject, reason }, 'a fact about an approval is dead-lettered');
  const { stream, config } = CONSUMERS.notices;
  await deadLetter(nats, message, {
    stream,
    tenant: parseApprovalSubject(message.subject).tenant,
    by: config.durable_name,
    code: 'INTERNAL',
    reason: reason.slice(0, REASON_MAX_CHARS),
  });
}
