import type { ServiceName } from '../runtime/config.ts';
import { MESSAGES, type MessageDeclaration } from './catalogue.ts';
import { CONSUMERS, type ConsumerDeclaration, operatorDurable } from './consumers.ts';
import { STREAM_NAMES, STREAMS, type StreamName } from './streams.ts';
import { approvalSubjects, outcomeSubjects, planSubject } from './subjects.ts';

/** What one login may publish and listen to. All else is refused by the server. */
export interface NatsRights {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Where the answers to a login's requests come: nobody else may listen there. */
export const inboxOf = (user: string): string => `_INBOX.${user}`;

/** What operators reach JetStream by, each from an account of its own. */
export const OPERATOR_DOMAIN = 'holdpoint';

const api = (request: string): string => `$JS.API.${request}`;
const acks = (stream: StreamName, durable: string): string => `$JS.ACK.${stream}.${durable}.>`;

/** Reading from a durable that is there: no making, no changing, no removing. */
const reading = (stream: StreamName, durable: string): string[] => [
  api(`CONSUMER.INFO.${stream}.${durable}`),
  api(`CONSUMER.MSG.NEXT.${stream}.${durable}`),
  acks(stream, durable),
];

const facts = (...streams: StreamName[]): string[] => streams.flatMap((stream) => STREAMS[stream].subjects);

/** The outbox is whoever's comes first: each that empties it publishes what any wrote. */
const OUTBOX = facts('DECISIONS', 'APPROVALS', 'OUTCOMES', 'DEAD');

/** Beyond its own declared durables, by service. */
const FURTHER = {
  ingest: {
    publish: [
      ...facts('EVENTS', 'BODIES', 'DEAD'),
      api('DIRECT.GET.EVENTS.>'),
      api('DIRECT.GET.BODIES.>'),
      // Lists are read by consumers of the moment, and `after` hooks have durables named by the workspace.
      api('CONSUMER.CREATE.EVENTS'),
      api('CONSUMER.CREATE.EVENTS.>'),
      api('CONSUMER.DELETE.EVENTS.*'),
      ...reading('EVENTS', '*'),
    ],
    subscribe: [],
  },
  evaluator: {
    publish: [
      ...OUTBOX,
      // The event behind a plan.
      api('STREAM.MSG.GET.EVENTS'),
      // `after` hooks on actions.
      api('CONSUMER.CREATE.OUTCOMES.>'),
      ...reading('OUTCOMES', '*'),
    ],
    subscribe: [outcomeSubjects('*', '*')],
  },
  executor: { publish: OUTBOX, subscribe: [] },
  approvals: { publish: OUTBOX, subscribe: [approvalSubjects('*')] },
} as const satisfies Record<ServiceName, NatsRights>;

/**
 * What a service may. Streams and declared durables are made by the owner: no service changes, empties or removes a stream,
 * publishes what others are to say, or reads what is none of its business.
 */
export function serviceRights(service: ServiceName): NatsRights {
  const durables = Object.values<ConsumerDeclaration>(CONSUMERS).filter(({ owner }) => owner === service);
  return {
    publish: [
      ...STREAM_NAMES.map((stream) => api(`STREAM.INFO.${stream}`)),
      ...durables.flatMap(({ stream, config }) => reading(stream, config.durable_name)),
      ...FURTHER[service].publish,
    ],
    subscribe: [`${inboxOf(service)}.>`, ...FURTHER[service].subscribe],
  };
}

/** What operators read, each by a durable of its own that the owner made. */
const OPERATOR_STREAMS = (['event', 'decision', 'approval', 'outcome'] as const).map((message) => {
  const { stream, to }: MessageDeclaration = MESSAGES[message];
  if (!to.includes('operators')) throw new Error(`${message} is not for operators`);
  return stream;
});

/** One thing that an operator's account takes over from where the streams live. */
export interface OperatorImport {
  readonly subject: string;
  /** What it is called in the operator's account. */
  readonly as: string;
  /** Whether many answers come to one request. */
  readonly stream: boolean;
}

export function operatorImports(tenant: string, operator: string): OperatorImport[] {
  const durable = operatorDurable(tenant, operator);
  const same = (subject: string): OperatorImport => ({ subject, as: subject, stream: false });
  // Under its own name an account's JetStream would answer, and these accounts have none.
  const called = (request: string, stream: boolean): OperatorImport => ({
    subject: api(request),
    as: `$JS.${OPERATOR_DOMAIN}.API.${request}`,
    stream,
  });
  return [
    same(planSubject(tenant, operator)),
    ...OPERATOR_STREAMS.flatMap((stream) => [
      called(`CONSUMER.INFO.${stream}.${durable}`, false),
      called(`CONSUMER.MSG.NEXT.${stream}.${durable}`, true),
      same(acks(stream, durable)),
    ]),
  ];
}
