import { CONSUMERS } from './consumers.ts';
import type { StreamName } from './streams.ts';

/** What one kind of message is, for the reference page and the picture that are generated from here. */
export interface MessageDeclaration {
  readonly subject: string;
  readonly stream: StreamName;
  readonly body: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** What makes a second copy of it recognisable. */
  readonly dedupe: string;
}

/** Every kind of message over NATS, once. */
export const MESSAGES = {
  event: {
    subject: 'events.<tenant>.<source>.<type>.<key>',
    stream: 'EVENTS',
    body: "the provider's bytes; CloudEvents 1.0 attributes in `ce-` headers",
    from: ['ingest'],
    to: ['operators', CONSUMERS.received.owner],
    dedupe: 'the subject: a second publish on it is refused',
  },
  body: {
    subject: 'bodies.<tenant>.<digest>.<number|whole>',
    stream: 'BODIES',
    body: 'a piece of a body too large for its event; under `whole`, once all are stored, its size',
    from: ['ingest'],
    to: ['ingest'],
    dedupe: 'the content: a piece stored again is the same piece',
  },
  plan: {
    subject: 'plans.<tenant>.<operator>',
    stream: 'PLANS',
    body: 'ExecutionPlan (`domain/plan.ts`)',
    from: ['operators'],
    to: [CONSUMERS.plans.owner],
    dedupe: '(tenant, operator, plan_id) in Postgres',
  },
  decision: {
    subject: 'decisions.<tenant>.<allow|alert|block>.<operator>',
    stream: 'DECISIONS',
    body: 'DecisionsFact (`messages/facts.ts`)',
    from: ['evaluator'],
    to: [CONSUMERS.doorbells.owner, 'operators'],
    dedupe: '`id` of the body',
  },
  approval: {
    subject:
      'approvals.<tenant>.<requested|voted|commented|reminded|escalated|granted|denied|expired|cancelled>.<operator>',
    stream: 'APPROVALS',
    body: 'Approval (`domain/approval.ts`)',
    from: ['evaluator', 'approvals'],
    to: [CONSUMERS.grants.owner, CONSUMERS.notices.owner, 'operators'],
    dedupe: '`id` and `status` of the body; of news, the message id',
  },
  outcome: {
    subject: 'outcomes.<tenant>.<outcome>.<operator>',
    stream: 'OUTCOMES',
    body: 'OutcomesFact (`messages/facts.ts`)',
    from: ['evaluator', 'executor', 'approvals'],
    to: ['operators', 'evaluator'],
    dedupe: '`id` of the body',
  },
  dead: {
    subject: 'dead.<stream>.<tenant>',
    stream: 'DEAD',
    body: 'the original bytes; the reason in `Holdpoint-Dead-` headers',
    from: ['evaluator', 'executor', 'ingest', 'approvals'],
    to: ['people'],
    dedupe: 'stream and sequence of the original',
  },
} as const satisfies Record<string, MessageDeclaration>;

/** Every kind of job over Redis, once. */
export const JOBS = {
  drain: {
    queue: 'effects.<connector>',
    body: 'DrainJob (`messages/jobs.ts`)',
    from: ['executor'],
    to: ['executor'],
    dedupe: 'a lane: at most one active and one waiting',
  },
  read: {
    queue: 'reads.<connector>',
    body: 'ReadJob (`messages/jobs.ts`)',
    from: ['executor'],
    to: ['executor'],
    dedupe: 'the action',
  },
} as const;
