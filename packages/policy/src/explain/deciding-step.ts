import type { Reason, ReasonCode, Verdict } from '@holdpoint/shared/domain/decision';
import type { DecidingStep } from '@holdpoint/shared/domain/explanation';

const STEP_OF = {
  invalid_action: 'parse',
  unknown_tool: 'tool',
  not_granted: 'grants',
  read: 'read',
  value_mismatch: 'derived',
  entity_mismatch: 'derived',
  entity_unreadable: 'derived',
  hook_rejected: 'hooks',
  policy_error: 'match',
  no_policy: 'match',
  veto: 'veto',
  max_value: 'constraints',
  predicate_false: 'constraints',
  denied: 'constraints',
  unverified_on_behalf_of: 'constraints',
  escalated: 'escalation',
  standing_grant: 'escalation',
  allowed: 'allowed',
  limit_exceeded: 'limits',
  idempotency_conflict: 'key',
  duplicate: 'key',
  event_not_found: 'event',
  event_not_granted: 'event',
  plan_expired: 'plan',
} as const satisfies Record<ReasonCode, DecidingStep>;

/** The step that gave the reasons. */
export function decidingStep(reasons: readonly Reason[]): DecidingStep {
  const other = reasons.find(({ code }) => code !== 'policy_error');
  if (other) return STEP_OF[other.code];
  // Code fails in four places: a tool's own has no policy, and the others say which they were.
  const [failed] = reasons;
  if (failed?.policy === undefined) return /^(value|entityKey) of /.test(failed?.message ?? '') ? 'derived' : 'match';
  if (failed.message.startsWith('before ')) return 'hooks';
  return failed.message.startsWith('predicate ') ? 'constraints' : 'match';
}

/** The decision in one sentence, from what is recorded of it alone. */
export function decisionSentence({
  decision,
  reasons,
  escalation,
}: Pick<Verdict, 'decision' | 'reasons' | 'escalation'>): string {
  const step = decidingStep(reasons);
  const said = [...new Set(reasons.map(({ message }) => message))].join('; ');
  const named = [...new Set(reasons.map(inFull))].join('; ');
  const policies = [...new Set(reasons.flatMap(({ policy }) => policy ?? []))].join(', ');
  switch (step) {
    case 'parse':
      return `${decision}: the action cannot be taken as it stands: ${said}`;
    case 'constraints':
      return `${decision}: what its policies demand does not hold: ${named}`;
    case 'match':
      return reasons.some(({ code }) => code === 'policy_error')
        ? `${decision}: a policy could not be asked: ${named}`
        : `${decision}: ${said}`;
    case 'veto':
      return `${decision}: ${said}, by ${policies}`;
    case 'allowed':
      return `${decision}: ${said}, by ${policies}`;
    case 'escalation': {
      const runs = escalation?.mode === 'alongside' || reasons.some(({ code }) => code === 'standing_grant');
      const then = runs ? 'it runs, and' : 'it is held, and';
      return `${decision}: ${then} ${said}, by ${policies}`;
    }
    case 'plan':
    case 'event':
    case 'tool':
    case 'grants':
    case 'read':
    case 'derived':
    case 'hooks':
    case 'key':
    case 'limits':
      return `${decision}: ${named}`;
    default:
      return step satisfies never;
  }
}

function inFull({ policy, message }: Reason): string {
  return policy === undefined ? message : `${policy}: ${message}`;
}
