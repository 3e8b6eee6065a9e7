import { setTimeout as pause } from 'node:timers/promises';
import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import type { Drain, ProposedPlan } from './core/history.ts';
import { readWork } from './store/read-history.ts';
import type { System } from './system.ts';

const LOOK_EVERY_MS = 200;
const TOLD_MAX = 40;
const NOTE_EVERY_MS = 5_000;
const NOTED_MAX = 3;

/** Looks until nothing is left to be done, or the limit is over; says what is left then. */
export async function drain(
  system: System,
  plans: readonly ProposedPlan[],
  { limitMs, signal, note }: { limitMs: number; signal: AbortSignal; note(text: string): void },
): Promise<Drain> {
  const startedAt = performance.now();
  let notedAt = startedAt;
  for (;;) {
    signal.throwIfAborted();
    const left = await lookForWork(system, plans).catch((error: unknown) => [`nobody can look: ${String(error)}`]);
    const tookMs = performance.now() - startedAt;
    if (left.length === 0 || tookMs > limitMs) return { tookMs, limitMs, left: left.slice(0, TOLD_MAX) };
    if (performance.now() - notedAt > NOTE_EVERY_MS) {
      notedAt = performance.now();
      note(`left after ${Math.round(tookMs / 1000)} s: ${left.slice(0, NOTED_MAX).join('; ')}`);
    }
    await pause(LOOK_EVERY_MS);
  }
}

async function lookForWork(system: System, plans: readonly ProposedPlan[]): Promise<string[]> {
  const { jsm } = system.nats;
  const durable = CONSUMERS.plans;
  const [work, events, waiting] = await Promise.all([
    readWork(system.db),
    jsm.streams.info(STREAMS.EVENTS.name),
    jsm.consumers.info(durable.stream, durable.config.durable_name),
  ]);
  const unacknowledged = waiting.num_pending + waiting.num_ack_pending;
  const unreceipted = events.state.messages - work.receivedEvents;
  return [
    ...work.open.map(({ id, state, entity }) => `action ${id} is ${state} (${entity ?? 'a read'})`),
    ...plans.flatMap(({ operator, planId }) => {
      const name = `${operator}/${planId}`;
      return work.plans.has(name) ? [] : [`plan ${name} was acknowledged and is not recorded`];
    }),
    ...(work.outboxRows > 0 ? [`${work.outboxRows} rows are in the outbox`] : []),
    ...(unacknowledged > 0 ? [`${unacknowledged} messages of PLANS are not acknowledged by the evaluator`] : []),
    ...(unreceipted > 0 ? [`${unreceipted} events have no receipt`] : []),
  ];
}
