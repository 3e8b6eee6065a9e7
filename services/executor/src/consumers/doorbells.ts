import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { type DecisionsFact, decisionsFactSchema } from '@holdpoint/shared/messages/facts';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { type BatchConsumer, consumeBatches, ensureConsumer, ensureStreams } from '@holdpoint/shared/runtime/nats';
import { TRACEPARENT } from '@holdpoint/shared/runtime/trace';
import type { JsMsg } from '@nats-io/jetstream';
import type { Context } from '../context.ts';
import type { LaneRing, ReadRing } from '../queues/bell.ts';

/** Hears what was decided and rings where something may run. Acknowledged once the rings are in Redis. */
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
      const rings = messages.flatMap((message) => ringsOf(context, message));
      const lanes = rings.filter((ring): ring is LaneRing => 'lane_id' in ring);
      const reads = rings.filter((ring): ring is ReadRing => 'action_id' in ring);
      // Rejected while Redis is away: the messages come again later, and the sweep rings in any case.
      await Promise.all([bell.ringLanes(lanes), reads.length > 0 && bell.ringReads(reads)]);
      metrics.rung.inc({ by: 'decision' }, rings.length);
      for (const message of messages) message.ack();
    },
  });
}

function ringsOf(context: Context, message: JsMsg): (LaneRing | ReadRing)[] {
  const fact = parseFact(message);
  if (!fact) {
    // It says nothing that the rows do not say too.
    context.logger.warn({ subject: message.subject }, 'a decision that does not parse is passed over');
    return [];
  }
  const traceparent = message.headers?.get(TRACEPARENT) || undefined;
  return fact.items.flatMap((item): (LaneRing | ReadRing)[] => {
    if (item.state !== 'queued') return [];
    const about = { tenant: fact.tenant, connector: item.connector, ...(traceparent && { traceparent }) };
    if (item.lane_id === undefined || item.lane_id === null) return [{ ...about, action_id: item.action_id }];
    return [{ ...about, lane_id: item.lane_id, entity_key: item.entity_key ?? '' }];
  });
}

function parseFact(message: JsMsg): DecisionsFact | undefined {
  try {
    return decisionsFactSchema.parse(message.json());
  } catch {
    return undefined;
  }
}
