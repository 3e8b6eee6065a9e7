import {
  approvalFactSchema,
  DEAD_HEADERS,
  decisionsFactSchema,
  outcomesFactSchema,
} from '@holdpoint/shared/messages/facts';
import { STREAMS, type StreamName } from '@holdpoint/shared/messages/streams';
import { parsePlanSubject } from '@holdpoint/shared/messages/subjects';
import type { Nats } from '@holdpoint/shared/runtime/nats';
import { until } from '@holdpoint/stack/until';
import { type Fact, planName } from './account.ts';

type Message = {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: { get(name: string): string };
};

/** Hears every fact from now on, whoever else consumes it: nothing is acknowledged, nothing is missed in between. */
export async function followFacts(nats: Nats, take: (fact: Fact) => void): Promise<{ stop(): void }> {
  const subscriptions = (Object.keys(READERS) as (keyof typeof READERS)[]).flatMap((stream) =>
    STREAMS[stream].subjects.map((subject) =>
      nats.nc.subscribe(subject, {
        callback: (error, message) => {
          const fact = error ? undefined : READERS[stream](message as Message);
          if (fact) take(fact);
        },
      }),
    ),
  );
  await nats.nc.flush();
  return { stop: () => subscriptions.forEach((subscription) => void subscription.unsubscribe()) };
}

/** Undefined for what is no fact: whose fault that is, the service that took it has said. */
const READERS = {
  PLANS: ({ subject, data }): Fact | undefined => {
    const { tenant, operator } = parsePlanSubject(subject);
    const plan = (json(data) as { plan_id?: unknown } | null)?.plan_id;
    return typeof plan === 'string' ? { kind: 'plan', plan: planName(tenant, operator, plan) } : undefined;
  },
  DECISIONS: ({ data }) => {
    const { data: fact } = decisionsFactSchema.safeParse(json(data));
    return fact && { kind: 'decisions', fact };
  },
  OUTCOMES: ({ data }) => {
    const { data: fact } = outcomesFactSchema.safeParse(json(data));
    return fact && { kind: 'outcomes', fact };
  },
  APPROVALS: ({ data }) => {
    const { data: approval } = approvalFactSchema.safeParse(json(data));
    return approval && { kind: 'approval', approval };
  },
  DEAD: ({ subject, headers }) => ({ kind: 'dead', subject, reason: headers?.get(DEAD_HEADERS.reason) ?? '' }),
} as const satisfies Partial<Record<StreamName, (message: Message) => Fact | undefined>>;

/**
 * Waits until every stored event was taken by the operators and every plan was taken by the evaluator. Their consumers say
 * so: nothing pending, nothing unacknowledged. False where that takes longer.
 */
export async function untilTaken(nats: Nats, deadlineMs: number, everyMs = 50): Promise<boolean> {
  const taken = await until(
    async () => ((await idle(nats, STREAMS.EVENTS.name)) && (await idle(nats, STREAMS.PLANS.name)) ? true : undefined),
    deadlineMs,
    everyMs,
  );
  return taken === true;
}

async function idle(nats: Nats, stream: StreamName): Promise<boolean> {
  for await (const { num_pending, num_ack_pending } of nats.jsm.consumers.list(stream)) {
    if (num_pending > 0 || num_ack_pending > 0) return false;
  }
  return true;
}

function json(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(data));
  } catch {
    return null;
  }
}
