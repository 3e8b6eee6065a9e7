import { encodeType } from '@holdpoint/shared/domain/event';
import { nameSchema } from '@holdpoint/shared/domain/names';
import {
  type ExecutionPlan,
  executionPlanSchema,
  PLAN_MAX_BYTES,
  type PlannedAction,
} from '@holdpoint/shared/domain/plan';
import type { ReceivedEvent } from '@holdpoint/shared/messages/event-message';
import { eventSubjects } from '@holdpoint/shared/messages/subjects';
import { planIdFor } from './idempotency.ts';

/**
 * An event as an operator gets it. `Data` is the provider's payload; null where it is not JSON, or where `dataRef` says that the
 * body (of `size` bytes, with this `digest`) was too large to come along: `client.events.raw(event.id)` fetches it.
 */
export interface OperatorEvent<Data = unknown> extends ReceivedEvent {
  readonly data: Data;
}

/** What an operator proposes: a plan whose own id and event are the SDK's to fill in. */
export type Proposal = Omit<ExecutionPlan, 'plan_id' | 'event_id' | 'actions'> & {
  readonly actions: readonly PlannedAction[];
};

export interface OperatorContext {
  readonly tenant: string;
  readonly operator: string;
  /** Aborted when the time for this event is up. */
  readonly signal: AbortSignal;
}

/** Which events an operator reads: a source of its tenant, or one type of it. */
export interface EventSelector {
  readonly source: string;
  readonly type?: string;
}

export interface OperatorDefinition {
  readonly name: string;
  /** The tenant it works for; without it, the one it is started with. */
  readonly tenant?: string;
  readonly events: readonly EventSelector[];
  /** What to do about an event; null where there is nothing to do. The same event must give the same answer. */
  plan(event: OperatorEvent<never>, ctx: OperatorContext): Promise<Proposal | null> | Proposal | null;
}

/** An upstream system in code: reads events, proposes plans. `Data` types the payload for its author. */
export function defineOperator<Data = unknown>(
  definition: Omit<OperatorDefinition, 'plan'> & {
    plan(event: OperatorEvent<Data>, ctx: OperatorContext): Promise<Proposal | null> | Proposal | null;
  },
): OperatorDefinition {
  nameSchema.parse(definition.name);
  return definition as OperatorDefinition;
}

/** The plan that is published for a proposal. Throws where the proposal is none, before anything leaves. */
export function toPlan(operator: string, event: ReceivedEvent, proposal: Proposal): ExecutionPlan {
  const plan = executionPlanSchema.parse({ ...proposal, plan_id: planIdFor(operator, event), event_id: event.id });
  const bytes = Buffer.byteLength(JSON.stringify(plan));
  if (bytes > PLAN_MAX_BYTES) throw new Error(`the plan has ${bytes} bytes; at most ${PLAN_MAX_BYTES}`);
  return plan;
}

/** The subjects an operator reads, none within another: JetStream refuses a consumer whose filters overlap. */
export function subscribedSubjects(tenant: string, events: readonly EventSelector[]): string[] {
  const whole = new Set(events.filter(({ type }) => type === undefined).map(({ source }) => source));
  const subjects = events
    .filter(({ source, type }) => type === undefined || !whole.has(source))
    .map(({ source, type }) => eventSubjects(tenant, source, type === undefined ? undefined : encodeType(type)));
  return subjects.length === 0 ? [eventSubjects(tenant)] : [...new Set(subjects)].sort();
}
