import { randomUUID } from 'node:crypto';
import { planSubject } from '@holdpoint/shared/messages/subjects';
import { type OutgoingMessage, publishAll } from '@holdpoint/shared/runtime/nats';
import type { Servers } from './servers.ts';
import { CONNECTOR, OPERATOR, TENANT, TOOL } from './workspace.ts';

/** One no-op effect: the n-th of its entity. */
export interface Job {
  readonly entity: string;
  readonly place: number;
}

/** Effects over so many entities, in turn. */
export function overEntities(count: number, entities: number, prefix = 'entity'): Job[] {
  return Array.from({ length: count }, (_, index) => ({
    entity: `${prefix}:${index % entities}`,
    place: Math.floor(index / entities),
  }));
}

export interface LoadPlan extends OutgoingMessage {
  readonly planId: string;
  readonly actions: number;
}

/** The same effects as plans of so many lines. */
export function plansOf(jobs: readonly Job[], linesPerPlan: number): LoadPlan[] {
  const plans: LoadPlan[] = [];
  for (let from = 0; from < jobs.length; from += linesPerPlan) {
    const lines = jobs.slice(from, from + linesPerPlan);
    const planId = randomUUID();
    const actions = lines.map(({ entity, place }, index) => ({
      connector: CONNECTOR,
      tool: TOOL,
      args: { place, note: 'hold the order until somebody has looked at it' },
      value: 120,
      entity_key: entity,
      idempotency_key: `${planId}-${index}`,
    }));
    plans.push({
      planId,
      actions: lines.length,
      subject: planSubject(TENANT, OPERATOR),
      body: JSON.stringify({ plan_id: planId, actions }),
    });
  }
  return plans;
}

export const propose = ({ nats }: Servers, plans: readonly LoadPlan[]): Promise<void> => publishAll(nats.js, plans);
