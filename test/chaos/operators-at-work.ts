import { setTimeout as pause } from 'node:timers/promises';
import { signDelivery } from '@holdpoint/ingest/testing/sign-delivery';
import { sha256 } from '@holdpoint/shared/domain/digest';
import { planSubject } from '@holdpoint/shared/messages/subjects';
import type { AnsweredWebhook, ProposedPlan } from './core/history.ts';
import type { Moments, Promised } from './core/moments.ts';
import type { Random } from './core/random.ts';
import { lineName, openTraffic, type Step, TENANT } from './core/traffic.ts';
import { countOpen } from './store/read-history.ts';
import { type Answer, CLOCK_ECHO_MS, type Instance, type System } from './system.ts';
import { GITHUB_SECRET, STANDARD_SECRET } from './workspace.ts';

const STEPS_IN_FLIGHT_MAX = 48;
/** More, and the operators wait: what cannot be worked off is no test of order. */
const OPEN_ACTIONS_MAX = 300;
const LOOK_EVERY_STEPS = 20;
const TRIES_MAX = 40;
const RETRY_MS = 300;
const EVENTS_REMEMBERED_MAX = 50;

/** What operators and providers did, as they remember it. */
export interface TrafficLog {
  readonly webhooks: AnsweredWebhook[];
  plans(): ProposedPlan[];
  readonly counts: {
    proposals: number;
    proposalsUnanswered: number;
    deliveries: number;
    deliveriesUnanswered: number;
    /** Because of a clock that was set wrong: their signature was too old for it, or too new. */
    deliveriesRefused: number;
  };
}

interface Remembered {
  readonly operator: string;
  readonly planId: string;
  readonly bodies: Map<string, string[]>;
  readonly acked: Set<string>;
}

/** Proposes and delivers until the signal says that it is enough; then waits for what is under way. */
export async function workAsOperators(
  system: System,
  options: {
    readonly random: Random;
    readonly everyMs: number;
    readonly promised: Moments<Promised>;
    readonly signal: AbortSignal;
  },
): Promise<TrafficLog> {
  const { random, everyMs, promised, signal } = options;
  const traffic = openTraffic(random.fork('traffic'));
  const chosen = random.fork('instances');
  const plans = new Map<string, Remembered>();
  const webhooks: AnsweredWebhook[] = [];
  const eventIds: string[] = [];
  const counts = {
    proposals: 0,
    proposalsUnanswered: 0,
    deliveries: 0,
    deliveriesUnanswered: 0,
    deliveriesRefused: 0,
  };
  const underWay = new Set<Promise<void>>();

  async function propose(step: Extract<Step, { do: 'propose' }>): Promise<void> {
    const { operator, plan } = step;
    const lines = plan.actions.map(lineName);
    const body = lines.join();
    const name = `${operator}/${plan.plan_id}`;
    const known: Remembered = plans.get(name) ?? {
      operator,
      planId: plan.plan_id,
      bodies: new Map(),
      acked: new Set(),
    };
    plans.set(name, known);
    known.bodies.set(body, lines);
    counts.proposals += 1;
    const acked = await untilAnswered(signal, () => (step.by === 'nats' ? publish(step) : post(step)));
    if (acked === 'acked') known.acked.add(body);
    else if (acked === undefined) counts.proposalsUnanswered += 1;
  }

  async function publish({ operator, plan }: Extract<Step, { do: 'propose' }>): Promise<'acked' | undefined> {
    return system.nats.js.publish(planSubject(TENANT, operator), JSON.stringify(plan)).then(
      () => 'acked' as const,
      () => undefined,
    );
  }

  async function post({ operator, plan }: Extract<Step, { do: 'propose' }>): Promise<'acked' | 'refused' | undefined> {
    const answer = await system.call(chosen.pick(system.services.evaluator), '/v1/plans', {
      key: system.keys.operator,
      body: JSON.stringify({ operator, ...plan }),
    });
    if (answer?.status === 200) promised.tell('proposed');
    return verdictOf(answer);
  }

  async function deliver({ provider, id, body }: Extract<Step, { do: 'deliver' }>): Promise<void> {
    counts.deliveries += 1;
    const secret = provider === 'github' ? GITHUB_SECRET : STANDARD_SECRET;
    const type = 'issues';
    const answered = await untilAnswered(signal, async () => {
      const headers = signDelivery(provider, { secret, body, id, type });
      const instance: Instance = chosen.pick(system.services.ingest);
      const answer = await system.call(instance, `/hooks/${TENANT}/${provider}`, { body, headers });
      if (answer === undefined || answer.status >= 429) return undefined;
      if (answer.status === 401 && instance.process.clockWasOff(CLOCK_ECHO_MS)) {
        counts.deliveriesRefused += 1;
        return undefined;
      }
      const { event_id: eventId } = answer.body as { event_id?: string };
      if (answer.status > 299 || eventId === undefined) throw new Error(`ingest answered ${JSON.stringify(answer)}`);
      if (answer.status === 202) promised.tell('accepted');
      webhooks.push({ eventId, bodyDigest: sha256(body) });
      eventIds.push(eventId);
      if (eventIds.length > EVENTS_REMEMBERED_MAX) eventIds.shift();
      return 'acked' as const;
    });
    if (answered === undefined) counts.deliveriesUnanswered += 1;
  }

  for (let steps = 0; !signal.aborted; steps += 1) {
    const step = traffic.next(eventIds);
    const work = (step.do === 'propose' ? propose(step) : deliver(step)).finally(() => underWay.delete(work));
    underWay.add(work);
    if (underWay.size >= STEPS_IN_FLIGHT_MAX) await Promise.race(underWay);
    if (steps % LOOK_EVERY_STEPS === 0) await untilRoom(system, signal);
    await pause(everyMs, undefined, { signal }).catch(() => {});
  }
  await Promise.all(underWay);
  return { webhooks, plans: () => [...plans.values()].filter(({ acked }) => acked.size > 0).map(toPlan), counts };
}

function toPlan({ operator, planId, bodies, acked }: Remembered): ProposedPlan {
  // Of two bodies that were both taken, only one can be the plan.
  return { operator, planId, bodies: [...bodies.values()], conflictAcked: acked.size > 1 };
}

function verdictOf(answer: Answer | undefined): 'acked' | 'refused' | undefined {
  if (answer?.status === 200) return 'acked';
  if (answer === undefined || answer.status === 429 || answer.status >= 500) return undefined;
  if (answer.status === 409) return 'refused';
  throw new Error(`the evaluator answered ${JSON.stringify(answer)}`);
}

/** As whoever must not lose it would: again, until somebody takes it or time is over. */
async function untilAnswered<T>(signal: AbortSignal, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const answer = await ask();
    if (answer !== undefined || signal.aborted) return answer;
    await pause(RETRY_MS, undefined, { signal }).catch(() => {});
  }
  return undefined;
}

async function untilRoom(system: System, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const open = await countOpen(system.db).catch(() => undefined);
    // Where the database is away nobody knows; then the operators go on, as real ones would.
    if (open === undefined || open < OPEN_ACTIONS_MAX) return;
    await pause(RETRY_MS, undefined, { signal }).catch(() => {});
  }
}
