import type { Verdict } from '@holdpoint/shared/domain/decision';
import type { TenantRules } from '../compile/tenant-rules.ts';
import type { Conditions } from './conditions.ts';
import type { Witness } from './finding.ts';
import type { PolicyFacts } from './policy-facts.ts';
import { lineOf, type Place, type Stage, type Staged } from './staging.ts';
import type { Survey } from './survey.ts';
import type { ToolClass } from './tool-classes.ts';

/** All that findings are made from. */
export interface LintContext {
  readonly rules: TenantRules;
  readonly nowMs: number;
  readonly facts: readonly PolicyFacts[];
  readonly conditions: Conditions;
  readonly classes: readonly ToolClass[];
  readonly survey: Survey;
  readonly stage: Stage;
  /** An operator that no rule names. */
  readonly stranger: string;
  /** Noted for each claim that the rules themselves did not bear out. It would be a fault of the analysis. */
  readonly unproven: string[];
  /** Counts what is left out by `firstOf`. */
  readonly left: { out: number };
}

/** Of one kind no more are proved than anybody reads: proofs are the dear part. */
const PROVED_MAX = 50;

export function firstOf<T, F>({ left }: LintContext, items: readonly T[], find: (item: T) => F): F[] {
  left.out += Math.max(0, items.length - PROVED_MAX);
  return items.slice(0, PROVED_MAX).map(find);
}

/** Asks the rules about a place. Undefined where they do not say what is claimed: nothing is reported on a guess. */
export function prove(
  context: LintContext,
  place: Place,
  claim: (verdict: Verdict) => boolean,
  note?: string,
): Witness | undefined {
  const staged = context.stage.ask(place);
  if (claim(staged.verdict)) return toWitness(place, staged, note);
  context.unproven.push(`${place.connector} ${place.tool} ${place.value}: ${JSON.stringify(staged.verdict)}`);
  return undefined;
}

/** What a person reads of one witness; more would be a page of the same. */
const REASONS_MAX = 5;
const ASSUMED_MAX = 20;

export function toWitness(place: Place, { verdict, assumes }: Staged, note?: string): Witness {
  return {
    line: lineOf(place),
    operator: place.operator,
    at: verdict.at,
    decision: verdict.decision,
    reasons: verdict.reasons.slice(0, REASONS_MAX).map(({ code, policy, message }) => ({
      code,
      ...(policy !== undefined && { policy }),
      message,
    })),
    ...(assumes.length > 0 && { assumes: trueFirst(assumes).slice(0, ASSUMED_MAX) }),
    ...(note !== undefined && { note }),
  };
}

function trueFirst(assumes: Staged['assumes']): Staged['assumes'] {
  return [...assumes].sort((a, b) => Number(b.is) - Number(a.is));
}

/** The code of a reason, and the policy that gave it. */
export function gives(code: string, ...policies: readonly PolicyFacts[]): (verdict: Verdict) => boolean {
  return ({ reasons }) => policies.every(({ id }) => reasons.some((one) => one.code === code && one.policy === id));
}

export function quoted(policies: Iterable<PolicyFacts>): string {
  const ids = [...new Set([...policies].map(({ id }) => id))];
  return ids.map((id) => `"${id}"`).join(', ');
}
