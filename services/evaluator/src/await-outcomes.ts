import { setTimeout as delay } from 'node:timers/promises';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { outcomeSubjects } from '@holdpoint/shared/messages/subjects';
import { createSlots } from '@holdpoint/shared/runtime/slots';
import type { Context } from './context.ts';
import { findOutcomes, type PlanProgress } from './store/find-outcomes.ts';

const WAITERS_MAX = 500;
const WAITERS_PER_CALLER_MAX = 200;
/** A message may be lost, so the rows are looked at now and then all the same. */
const LOOK_EVERY_MS = 1_000;

/** Waits, in one of its caller's places, until every action of a plan has ended or is held, at most this long; returns what is known then. */
export type AwaitOutcomes = (caller: string, plan: WaitedPlan, waitMs: number) => Promise<PlanProgress>;

interface WaitedPlan {
  readonly id: string;
  readonly tenant: string;
  readonly operator: string;
  /** That action of it alone. */
  readonly actionId?: string;
}

/** Once `draining` aborts, who waits is told what is known by then. */
export function createOutcomeWaits(context: Context, draining: AbortSignal): AwaitOutcomes {
  const slots = createSlots({ max: WAITERS_MAX, maxPerCaller: WAITERS_PER_CALLER_MAX });
  return async (caller, plan, waitMs) => {
    const leave = slots.take(caller);
    if (!leave) throw new HoldpointError('RATE_LIMIT', 'too many requests already wait for outcomes');
    try {
      return await waitFor(context, plan, waitMs, draining);
    } finally {
      leave();
    }
  };
}

async function waitFor(
  context: Context,
  plan: WaitedPlan,
  waitMs: number,
  draining: AbortSignal,
): Promise<PlanProgress> {
  const deadline = performance.now() + waitMs;
  let wake: () => void = () => undefined;
  const subscription = context.nats.nc.subscribe(outcomeSubjects(plan.tenant, plan.operator), {
    callback: () => wake(),
  });
  const drained = () => wake();
  draining.addEventListener('abort', drained);
  try {
    for (;;) {
      const heard = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const progress = await findOutcomes(context.db, plan.id, plan.actionId);
      const leftMs = deadline - performance.now();
      if (progress.settled || leftMs <= 0 || draining.aborted) return progress;
      const timer = new AbortController();
      await Promise.race([
        heard,
        delay(Math.min(leftMs, LOOK_EVERY_MS), undefined, { signal: timer.signal }).catch(() => undefined),
      ]);
      timer.abort();
    }
  } finally {
    draining.removeEventListener('abort', drained);
    subscription.unsubscribe();
  }
}
