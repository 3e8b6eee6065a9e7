import { CONSUMERS, type ConsumerDeclaration, operatorConsumer, operatorFactConsumers } from '../messages/consumers.ts';
import { STREAMS } from '../messages/streams.ts';
import type { Logger } from './logger.ts';
import { ensureConsumer, ensureStreams, type Nats } from './nats.ts';

/** An operator, and the subjects of the events that it reads. */
export interface OperatorReading {
  readonly tenant: string;
  readonly name: string;
  readonly subjects: readonly string[];
}

/**
 * Makes all streams and durables, as their owner: services and operators whose logins may make none find them. Harmless when
 * run again.
 */
export async function prepareNats(
  { jsm }: Pick<Nats, 'jsm'>,
  operators: readonly OperatorReading[],
  logger: Logger,
): Promise<void> {
  await ensureStreams(jsm, Object.values(STREAMS), logger);
  for (const consumer of Object.values<ConsumerDeclaration>(CONSUMERS)) {
    await ensureConsumer(jsm, consumer);
  }
  for (const { tenant, name, subjects } of operators) {
    await ensureConsumer(jsm, operatorConsumer(tenant, name, subjects));
    for (const consumer of operatorFactConsumers(tenant, name)) await ensureConsumer(jsm, consumer);
  }
}
