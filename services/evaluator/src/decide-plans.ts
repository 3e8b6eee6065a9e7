import type { Question } from '@holdpoint/policy/score/score-question';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import { planSpanId } from '@holdpoint/shared/domain/plan-span';
import type { TrustDecision } from '@holdpoint/shared/domain/policy';
import { type Batcher, createBatcher } from '@holdpoint/shared/runtime/batcher';
import { isDependencyLoss } from '@holdpoint/shared/runtime/dependency-loss';
import { isDeadlock, isUniqueViolation, withRetry } from '@holdpoint/shared/runtime/postgres';
import type { Context } from './context.ts';
import type { DecidedPlan } from './core/decided-plan.ts';
import { decisionOf } from './core/decision-facts.ts';
import { noEvent, precheck } from './core/precheck.ts';
import { type Proposal, planIdentity } from './core/proposal.ts';
import type { ScoredPlan } from './core/scored.ts';
import { vouched } from './core/vouched.ts';
import { readEvent } from './events/read-event.ts';
import { type LookUp, lookUpEntities } from './look-up-entities.ts';
import { republishPlan } from './republish-plan.ts';
import type { Book } from './scoring/rules.ts';
import type { LaneName } from './scoring/scorer.ts';
import { findPlans } from './store/find-plans.ts';
import { readNow } from './store/read-now.ts';
import { recordPlans } from './store/record-plans.ts';

/** A plan that was proposed before under the same id with another body is refused with PLAN_CONFLICT. */
export type DecideResult =
  | { readonly ok: true; readonly plan: DecidedPlan }
  | { readonly ok: false; readonly error: HoldpointError };

export interface Decider {
  /**
   * Decides and records a plan. `onAside` is told where it is decided apart from the others, and may take its time.
   * @throws {HoldpointError} DEPENDENCY_UNAVAILABLE where too many wait; else what its batch threw
   */
  add(proposal: Proposal, onAside?: () => void): Promise<DecideResult>;
  /** Resolves when nothing waits and nothing is in flight. */
  drain(): Promise<void>;
}

const PLANS_MAX = 100;
const BATCH_MAX_BYTES = 4 * 1024 * 1024;
const WAITING_MAX = 2_000;
/** Of those whose tenants' code did not come back lately: a few at a time, so that each waits for few others. */
const ASIDE_PLANS_MAX = 10;
const ASIDE_WAITING_MAX = 500;
const BATCH_BUCKETS = [1, 2, 5, 10, 20, 50, 100] as const;

/**
 * One line for both doors: what waits while a batch is decided is the next batch. Beside it stands another one, for tenants
 * whose code did not come back lately: nobody else waits for theirs.
 */
export function createDecider(context: Context): Decider {
  const lines = { main: createLine(context, 'main'), aside: createLine(context, 'aside') };
  return {
    async add(proposal, onAside) {
      if (!context.scorer.isSuspect(proposal.tenant)) {
        const result = await lines.main.add(proposal);
        if (result !== 'aside') return result;
      }
      onAside?.();
      const result = await lines.aside.add(proposal);
      if (result === 'aside') throw new HoldpointError('INTERNAL', 'a plan was not scored');
      return result;
    },
    async drain() {
      await lines.main.drain();
      // What went aside meanwhile is on its way.
      await new Promise((resolve) => setImmediate(resolve));
      await lines.aside.drain();
    },
  };
}

/** `aside`: not decided here, for its tenant's code does not come back. */
type LineResult = DecideResult | 'aside';

function createLine(context: Context, lane: LaneName): Batcher<Proposal, LineResult> {
  const lines = context.metrics.counter('decisions_total', 'Lines decided, by decision', ['decision']);
  const batches = context.metrics.histogram(
    'decide_batch_plans',
    'Plans decided in one transaction',
    [],
    BATCH_BUCKETS,
  );
  const seconds = context.metrics.histogram('decide_batch_seconds', 'How long a batch of plans took to decide');
  return createBatcher({
    name: lane === 'main' ? 'decide' : 'decide aside',
    maxItems: lane === 'main' ? PLANS_MAX : ASIDE_PLANS_MAX,
    maxBytes: BATCH_MAX_BYTES,
    sizeOf: ({ bytes }) => bytes,
    maxQueued: lane === 'main' ? WAITING_MAX : ASIDE_WAITING_MAX,
    async flush(proposals) {
      batches.observe(proposals.length);
      const end = seconds.startTimer();
      const results = await decidePlans(context, lane, proposals);
      end();
      for (const result of results) {
        if (result !== 'aside' && result.ok) for (const { decision } of result.plan.decisions) lines.inc({ decision });
      }
      return results;
    },
    // A plan that cannot be recorded must not take its neighbours with it; an outage takes them all, one by one or together.
    retrySingly: (error) => !(error instanceof HoldpointError) && !isDependencyLoss(error),
  });
}

async function decidePlans(context: Context, lane: LaneName, proposals: readonly Proposal[]): Promise<LineResult[]> {
  const first = new Map<string, Proposal>();
  for (const proposal of proposals) {
    const identity = planIdentity(proposal);
    if (!first.has(identity)) first.set(identity, proposal);
  }
  const decided = await decideNew(context, lane, [...first.values()]);
  // Those that came twice in one batch, and those that another instance recorded meanwhile, are answered from the record.
  const others = proposals.filter((proposal) => !decided.has(proposal));
  const recorded = others.length > 0 ? await findPlans(context.db, others) : [];
  const known = new Map(recorded.map((plan) => [identityOf(plan), plan]));
  return Promise.all(
    proposals.map(async (proposal): Promise<LineResult> => {
      const identity = planIdentity(proposal);
      const fresh = decided.get(proposal);
      if (fresh) return fresh;
      const plan = known.get(identity);
      if (!plan && decided.get(first.get(identity) as Proposal) === 'aside') return 'aside';
      if (!plan) throw new HoldpointError('DEPENDENCY_UNAVAILABLE', 'the plan was not recorded; propose it again');
      if (plan.body_digest !== proposal.bodyDigest) return { ok: false, error: conflict(proposal) };
      return { ok: true, plan: await republishPlan(context, plan) };
    }),
  );
}

function identityOf(plan: { readonly tenant: string; readonly operator: string; readonly plan_id: string }): string {
  return `${plan.tenant} ${plan.operator} ${plan.plan_id}`;
}

function conflict({ plan, operator }: Proposal): HoldpointError {
  return new HoldpointError('PLAN_CONFLICT', `${operator} already proposed another plan as ${plan.plan_id}`, {
    plan_id: plan.plan_id,
  });
}

/** Scores and records those that no record knows. */
async function decideNew(
  context: Context,
  lane: LaneName,
  proposals: readonly Proposal[],
): Promise<Map<Proposal, LineResult>> {
  const recorded = new Set((await findPlans(context.db, proposals)).map(identityOf));
  const fresh = proposals.filter((proposal) => !recorded.has(planIdentity(proposal)));
  if (fresh.length === 0) return new Map();
  const startedAtMs = performance.now();
  const now = await readNow(context.db);
  const { scored, unscored } = await scorePlans(context, lane, fresh, now);
  const plans = scored.map((plan) => ({ id: context.newId(), scored: plan }));
  if (plans.length === 0) return unscored;
  const records = await withRetry(() => recordPlans(context.db, plans, context.newId), {
    retryOn: (error) => isDeadlock(error) || isUniqueViolation(error),
    onRetry: (err, attempt) => context.logger.warn({ err, attempt, plans: plans.length }, 'decisions: once more'),
  });
  context.relay.nudge();
  return new Map<Proposal, LineResult>([
    ...unscored,
    ...plans.flatMap(({ id, scored: { proposal } }): [Proposal, LineResult][] => {
      const record = records.get(id);
      if (!record) return [];
      const decided = { id, planId: proposal.plan.plan_id, decisions: record.items.map(decisionOf) };
      traceDecision(context, proposal, decided, { startedAtMs, plans: plans.length });
      return [[proposal, { ok: true, plan: decided }]];
    }),
  ]);
}

/** Of the decision itself: a plan that is only answered again leaves no second span of this id. */
function traceDecision(
  { tracing }: Context,
  { tenant, operator, traceId, parentSpanId }: Proposal,
  { planId, decisions }: DecidedPlan,
  batch: { readonly startedAtMs: number; readonly plans: number },
): void {
  tracing.record(() => {
    const count = (wanted: TrustDecision) => decisions.filter(({ decision }) => decision === wanted).length;
    return {
      name: 'decide plan',
      kind: 'consumer',
      trace: { traceId, spanId: planSpanId({ tenant, operator, planId }), parentSpanId, sampled: true },
      startedAtMs: batch.startedAtMs,
      attributes: {
        'holdpoint.tenant': tenant,
        'holdpoint.operator': operator,
        'holdpoint.plan_id': planId,
        'holdpoint.decisions.allow': count('ALLOW'),
        'holdpoint.decisions.alert': count('ALERT'),
        'holdpoint.decisions.block': count('BLOCK'),
        'holdpoint.batch_plans': batch.plans,
      },
    };
  });
}

/** A plan whose event cannot be read now is to be proposed again; those beside it are scored. */
async function scorePlans(
  context: Context,
  lane: LaneName,
  proposals: readonly Proposal[],
  now: Date,
): Promise<{ readonly scored: ScoredPlan[]; readonly unscored: Map<Proposal, LineResult> }> {
  const unscored = new Map<Proposal, LineResult>();
  let asked: { readonly proposal: Proposal; readonly question: Question }[] = [];
  const answers = await context.scorer.score(lane, async (book) => {
    const known = lookUpEntities(
      context,
      book,
      proposals.map(({ tenant, plan }) => ({ tenant, lines: plan.actions })),
    );
    const made = await Promise.allSettled(
      proposals.map((proposal, place) => questionOf(context, book, proposal, { now, known: () => known(place) })),
    );
    asked = [];
    unscored.clear();
    for (const [index, one] of made.entries()) {
      const proposal = proposals[index] as Proposal;
      if (one.status === 'fulfilled') asked.push({ proposal, question: one.value });
      else unscored.set(proposal, { ok: false, error: unreadable(context, proposal, one.reason) });
    }
    return asked.map(({ question }) => question);
  });
  const scored = asked.flatMap(({ proposal, question }, index) => {
    const answer = answers[index];
    if (answer?.ok) {
      context.hookNotes.take(proposal.tenant, answer.lines);
      const lines = answer.lines.map((line) => vouched(line, proposal.plan.agent?.on_behalf_of));
      const { env, entities } = question;
      return [{ proposal, env, lines, ...(entities && { entities }) }];
    }
    if (answer || lane !== 'main') throw new HoldpointError('INTERNAL', 'a plan was not scored');
    unscored.set(proposal, 'aside');
    return [];
  });
  return { scored, unscored };
}

function unreadable({ logger }: Context, { tenant, plan }: Proposal, err: unknown): HoldpointError {
  const { plan_id, event_id } = plan;
  logger.warn({ err, tenant, plan_id, event_id }, 'a plan waits, for what it needs cannot be read');
  return new HoldpointError('DEPENDENCY_UNAVAILABLE', 'what the plan needs cannot be read now; propose it again', {
    plan_id,
  });
}

async function questionOf(
  context: Context,
  book: Book,
  { tenant, operator, plan }: Proposal,
  { now, known }: { readonly now: Date; readonly known: () => ReturnType<LookUp> },
): Promise<Question> {
  const salt = await context.salts.of(tenant);
  const base = { tenant, operator, salt, lines: plan.actions, now: now.toISOString(), env: operatorEnvelope(operator) };
  const against = precheck(plan, operator, book.tenants.get(tenant)?.sources, now);
  if (against) return { ...base, blocked: against };
  const entities = await known();
  const asked = { ...base, ...(entities && { entities }) };
  if (plan.event_id === undefined) return asked;
  const env: EventEnvelope | undefined = await readEvent(context.nats, tenant, plan.event_id);
  if (env) return { ...asked, env };
  return { ...base, blocked: noEvent(tenant, plan.event_id) };
}
