import type { Escalation, Verdict } from '@holdpoint/shared/domain/decision';
import { windowText } from '@holdpoint/shared/domain/limit-window';
import { DECISIONS, type TrustDecision } from '@holdpoint/shared/domain/policy';
import { composeEscalations, toEscalation } from '../compile/escalation.ts';
import type { LimitTerms } from '../compile/limit-terms.ts';
import type { CompiledPolicy } from '../compile/policy-set.ts';

/** What is done with an action: how it is decided, whom it goes to, and what is counted for it. A lattice: the stricter wins. */
export interface Effect {
  readonly decision: TrustDecision;
  readonly escalation: Escalation | null;
  /** Sorted by scope, each scope once. */
  readonly limits: readonly LimitEffect[];
  /** The same for the same effect, and for no other. */
  readonly key: string;
}

/** Of several limits of one scope the lowest counts. */
export interface LimitEffect {
  /** `per 24h by entity`. */
  readonly scope: string;
  /** null: any number. */
  readonly count: number | null;
  readonly total: number | null;
}

export const BLOCKED: Effect = effectOf('BLOCK', null, []);
export const ALLOWED: Effect = effectOf('ALLOW', null, []);

export interface EffectOptions {
  /** Whose limits and reasons are told apart by whose they are: two policies that count the same count twice. */
  readonly byPolicy: boolean;
}

/** What a policy asks for where it matches and its constraints pass. */
export function policyEffect({ id, policy, escalation, limit }: CompiledPolicy, { byPolicy }: EffectOptions): Effect {
  if (policy.decision === 'BLOCK') return BLOCKED;
  const limits = limit === undefined ? [] : [limitEffect(limit, byPolicy ? `of ${id} ` : '')];
  if (policy.decision === 'ALLOW') return limits.length === 0 ? ALLOWED : effectOf('ALLOW', null, limits);
  return effectOf('ALERT', toEscalation(escalation, byPolicy ? escalation.reason : undefined), limits);
}

/** The same of a verdict: reasons and whose limits they are left out. */
export function verdictEffect({ decision, escalation, reservations = [] }: Verdict): Effect {
  if (decision === 'BLOCK') return BLOCKED;
  const limits = reservations.map(({ count, total, per_seconds, by }) =>
    limitEffect({ count, total, perSeconds: per_seconds, by }, ''),
  );
  return effectOf(decision, escalation ? { ...escalation, reasons: [] } : null, unionOfLimits(limits));
}

export function joinEffects(a: Effect, b: Effect): Effect {
  if (a === b || a.decision === 'BLOCK' || b === ALLOWED) return a;
  if (b.decision === 'BLOCK' || a === ALLOWED) return b;
  if (a.key === b.key) return a;
  const decision = DECISIONS.indexOf(a.decision) > DECISIONS.indexOf(b.decision) ? a.decision : b.decision;
  const escalation =
    a.escalation && b.escalation ? composeEscalations(a.escalation, b.escalation) : (a.escalation ?? b.escalation);
  return effectOf(decision, escalation, unionOfLimits([...a.limits, ...b.limits]));
}

export type Direction = 'looser' | 'tighter' | 'otherwise';

/** Undefined: no change. `otherwise`: stricter in one way and looser in another. */
export function directionOf(before: Effect, after: Effect): Direction | undefined {
  if (before.key === after.key) return undefined;
  const both = joinEffects(before, after).key;
  if (both === before.key) return 'looser';
  return both === after.key ? 'tighter' : 'otherwise';
}

/** `ALERT to 2 of reviewer, within 3600 s`. */
export function effectWords({ decision, escalation, limits }: Effect): string {
  const parts: string[] = [decision];
  if (escalation !== null) {
    const asked = escalation.requirements.map(({ audience, quorum, escalate }) => {
      const then = escalate ? ` (after ${escalate.after_seconds} s also ${escalate.audience})` : '';
      return `${quorum === 1 ? '' : `${quorum} of `}${audience}${then}`;
    });
    parts[0] = `${decision} to ${asked.join(' and ')}`;
    parts.push(`within ${escalation.ttl_seconds} s`);
    if (escalation.mode === 'alongside') parts.push('alongside');
    if (escalation.self_approval) parts.push('oneself allowed');
    if (escalation.denials !== undefined) parts.push(`denied by ${escalation.denials}`);
    if (escalation.refuse_unverified) parts.push('nothing on an unproven behalf');
    if (escalation.remind_every_seconds !== undefined)
      parts.push(`reminded every ${escalation.remind_every_seconds} s`);
  }
  return [...parts, ...limits.map(limitWords)].join(', ');
}

function limitWords({ scope, count, total }: LimitEffect): string {
  const bounds = [count === null ? '' : `${count} times`, total === null ? '' : `a total of ${total}`];
  return `at most ${bounds.filter((one) => one !== '').join(' and ')} ${scope}`;
}

function limitEffect({ count, total, perSeconds, by }: LimitTerms, whose: string): LimitEffect {
  return { scope: `${whose}per ${windowText(perSeconds)} by ${by}`, count: count ?? null, total: total ?? null };
}

function unionOfLimits(limits: readonly LimitEffect[]): LimitEffect[] {
  const scopes = new Map<string, LimitEffect>();
  for (const { scope, count, total } of limits) {
    const known = scopes.get(scope);
    scopes.set(scope, { scope, count: lower(count, known?.count), total: lower(total, known?.total) });
  }
  return [...scopes.values()].sort((a, b) => (a.scope < b.scope ? -1 : 1));
}

function lower(a: number | null, b: number | null | undefined): number | null {
  if (a === null || b === null || b === undefined) return a ?? b ?? null;
  return Math.min(a, b);
}

function effectOf(decision: TrustDecision, escalation: Escalation | null, limits: readonly LimitEffect[]): Effect {
  return { decision, escalation, limits, key: JSON.stringify([decision, escalation, limits]) };
}
