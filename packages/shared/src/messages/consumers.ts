import type { ConsumerConfig } from '@nats-io/jetstream';
import { STREAMS, type StreamName } from './streams.ts';
import { approvalSubjects, decisionSubjects, eventSubjects, outcomeSubjects } from './subjects.ts';

const SECOND_NS = 1_000_000_000;

/** A durable pull consumer: all instances of its owner share it. */
export interface ConsumerDeclaration {
  readonly stream: StreamName;
  readonly owner: string;
  /** `new`: once it is made it reads what comes from then on; else it begins with what its stream holds. */
  readonly begin?: 'new';
  readonly config: Partial<ConsumerConfig> & { readonly durable_name: string };
}

/** How often a message may come before it is taken for poison and moved to DEAD. */
export const DELIVERIES_MAX = 5;

const shared = {
  ack_policy: 'explicit',
  // What an instance held that was killed comes again after this; a living one says every 5 s that it is at work.
  ack_wait: 15 * SECOND_NS,
  // The owner dead-letters at DELIVERIES_MAX; the server's own limit is only a backstop that would drop silently.
  max_deliver: -1,
  max_ack_pending: 4096,
} as const;

export const CONSUMERS = {
  plans: {
    stream: 'PLANS',
    owner: 'evaluator',
    config: { ...shared, durable_name: 'evaluator', filter_subject: 'plans.*.*' },
  },
  grants: {
    stream: 'APPROVALS',
    owner: 'evaluator',
    config: { ...shared, durable_name: 'evaluator-grants', filter_subject: 'approvals.*.granted.*' },
  },
  notices: {
    stream: 'APPROVALS',
    owner: 'approvals',
    // What is pending is swept up; how older ones ended is no news.
    begin: 'new',
    config: { ...shared, durable_name: 'approvals-notices', filter_subject: 'approvals.*.*.*' },
  },
  doorbells: {
    stream: 'DECISIONS',
    owner: 'executor',
    config: {
      ...shared,
      durable_name: 'executor',
      filter_subjects: ['decisions.*.allow.*', 'decisions.*.alert.*'],
    },
  },
  received: {
    stream: 'EVENTS',
    owner: 'ingest',
    // A receipt needs no payload.
    config: { ...shared, durable_name: 'ingest-received', filter_subject: 'events.*.*.*.*', headers_only: true },
  },
} as const satisfies Record<string, ConsumerDeclaration>;

/**
 * The durable of one `after` hook: a slow or failing one holds up neither other hooks nor other tenants. `=` stands in no
 * name, so that no two pairs run together. One that nobody pulls any more goes when its last event has gone.
 */
export function afterHookConsumer(tenant: string, hook: string, source?: string): ConsumerDeclaration {
  return {
    stream: 'EVENTS',
    owner: 'ingest',
    config: {
      ...shared,
      max_ack_pending: 256,
      inactive_threshold: STREAMS.EVENTS.max_age,
      durable_name: `ingest-after=${tenant}=${hook}`,
      filter_subject: eventSubjects(tenant, source),
    },
  };
}

/** The same for an `after` hook on actions: over the outcomes of its tenant; with `operator`, only of what that one proposed. */
export function afterActionConsumer(tenant: string, hook: string, operator = '*'): ConsumerDeclaration {
  return {
    stream: 'OUTCOMES',
    owner: 'evaluator',
    config: {
      ...shared,
      max_ack_pending: 256,
      inactive_threshold: STREAMS.OUTCOMES.max_age,
      durable_name: `evaluator-after=${tenant}=${hook}`,
      filter_subject: outcomeSubjects(tenant, operator),
    },
  };
}

/** An operator's own durable over the events of its tenant; with `sources`, only of those. */
export function operatorConsumer(tenant: string, operator: string, subjects: readonly string[]): ConsumerDeclaration {
  return {
    stream: 'EVENTS',
    owner: `operator ${operator}`,
    // An operator's `plan` may take its time, and nobody says meanwhile that it is at work.
    config: {
      ...shared,
      ack_wait: 30 * SECOND_NS,
      durable_name: operatorDurable(tenant, operator),
      filter_subjects: [...subjects],
    },
  };
}

/** An operator's durables over what became of its own proposals. They are made beforehand, for one that may make none. */
export function operatorFactConsumers(tenant: string, operator: string): ConsumerDeclaration[] {
  const filters = {
    DECISIONS: decisionSubjects(tenant, operator),
    APPROVALS: approvalSubjects(tenant, operator),
    OUTCOMES: outcomeSubjects(tenant, operator),
  } as const;
  return (['DECISIONS', 'APPROVALS', 'OUTCOMES'] as const).map((stream) => ({
    stream,
    owner: `operator ${operator}`,
    begin: 'new',
    config: {
      ...shared,
      ack_wait: 30 * SECOND_NS,
      durable_name: operatorDurable(tenant, operator),
      filter_subject: filters[stream],
    },
  }));
}

/** The same in every stream. `=` stands in no name, so that no two pairs run together. */
export const operatorDurable = (tenant: string, operator: string): string => `operator=${tenant}=${operator}`;
