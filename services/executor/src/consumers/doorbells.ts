import { STATES } from '@holdpoint/shared/domain/lifecycle';
import { keySchema, nameSchema } from '@holdpoint/shared/domain/names';
import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { parseDecisionSubject } from '@holdpoint/shared/messages/subjects';
import { deadLetter } from '@holdpoint/shared/runtime/dead-letter';
import { type BatchConsumer, consumeBatches, ensureConsumer, ensureStreams } from '@holdpoint/shared/runtime/nats';
import { formatTraceparent, parseTraceparent, TRACEPARENT } from '@holdpoint/shared/runtime/trace';
import type { JsMsg } from '@nats-io/jetstream';
import { z } from 'zod';
import type { Context } from '../context.ts';
import type { LaneRing, ReadRing } from '../queues/bell.ts';

/** Of what was decided, as much as is gone by here: what does not hold together rings nowhere. */
const heardSchema = z.object({
  tenant: nameSchema,
  items: z.array(
    z.object({
      action_id: z.uuid(),
      state: z.enum(STATES),
      connector: nameSchema,
      entity_key: keySchema.nullable(),
      lane_id: z.int().positive().nullish(),
    }),
  ),
});

/** Hears what was decided and rings where something may run. Acknowledged once the rings are in Redis, or once dead-lettered. */
export function consumeDoorbells(context: Context): BatchConsumer {
  const { nats, logger, bell, metrics } = context;
  const { stream, config } = CONSUMERS.doorbells;
  return consumeBatches({
    js: nats.js,
    stream,
    durable: config.durable_name,
    logger,
    ensure: async () => {
      await ensureStreams(nats.jsm, Object.values(STREAMS), logger);
      await ensureConsumer(nats.jsm, CONSUMERS.doorbells);
    },
    async handle(messages) {
      const heard = messages.map((message) => ({ message, rings: ringsOf(message) }));
      const rings = heard.flatMap((one) => one.rings ?? []);
      const lanes = rings.filter((ring): ring is LaneRing => 'lane_id' in ring);
      const reads = rings.filter((ring): ring is ReadRing => 'action_id' in ring);
      // Rejected while Redis is away: the messages come again later, and the sweep rings in any case.
      await Promise.all([bell.ringLanes(lanes), reads.length > 0 && bell.ringReads(reads)]);
      metrics.rung.inc({ by: 'decision' }, rings.length);
      await Promise.all(heard.map(({ message, rings: own }) => (own ? undefined : bury(context, message))));
      for (const message of messages) message.ack();
    },
  });
}

/** Undefined for what is no decision of its subject's tenant. */
function ringsOf(message: JsMsg): (LaneRing | ReadRing)[] | undefined {
  const heard = parse(message);
  if (!heard || heard.tenant !== parseDecisionSubject(message.subject).tenant) return undefined;
  const parent = parseTraceparent(message.headers?.get(TRACEPARENT));
  const traceparent = parent && formatTraceparent(parent);
  return heard.items.flatMap((item): (LaneRing | ReadRing)[] => {
    if (item.state !== 'queued') return [];
    const about = { tenant: heard.tenant, connector: item.connector, ...(traceparent && { traceparent }) };
    if (item.lane_id === undefined || item.lane_id === null) return [{ ...about, action_id: item.action_id }];
    return [{ ...about, lane_id: item.lane_id, entity_key: item.entity_key ?? '' }];
  });
}

function parse(message: JsMsg): z.infer<typeof heardSchema> | undefined {
  try {
    return heardSchema.parse(message.json());
  } catch {
    return undefined;
  }
}

/** Nothing waits for it: rows say what may run, and the sweep rings for them. */
async function bury({ nats, logger }: Context, message: JsMsg): Promise<void> {
  logger.warn({ subject: message.subject }, 'a decision that cannot be read is dead-lettered');
  const { stream, config } = CONSUMERS.doorbells;
  await deadLetter(nats, message, {
    stream,
    tenant: parseDecisionSubject(message.subject).tenant,
    by: config.durable_name,
    code: 'INVALID_REQUEST',
    reason: 'it is no decision of its tenant',
  });
}
