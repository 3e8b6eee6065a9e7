import type { Escalation, Requirement } from '@holdpoint/shared/domain/decision';
import type { EscalationMode, TrustPolicy } from '@holdpoint/shared/domain/policy';

/** What an ALERT asks for where its policy does not say. */
export interface EscalationDefaults {
  readonly audience?: string | undefined;
  readonly quorum?: number | undefined;
  readonly ttlSeconds?: number | undefined;
  readonly mode?: EscalationMode | undefined;
  readonly selfApproval?: boolean | undefined;
}

/** What a tenant lets stand where a policy does not say: first by the audience that is asked, then for all. */
export interface StandingTerms {
  readonly defaults?: EscalationDefaults | undefined;
  readonly audiences?: Readonly<Record<string, Omit<EscalationDefaults, 'audience'>>> | undefined;
}

/** What one policy asks for, with nothing left open but its reason's template. */
export interface EscalationTerms {
  readonly audience: string;
  readonly quorum: number;
  readonly ttlSeconds: number;
  readonly mode: EscalationMode;
  readonly selfApproval: boolean;
  readonly reason: string | undefined;
}

const DEFAULTS = { audience: 'reviewer', quorum: 1, ttlSeconds: 24 * 3600, mode: 'hold', selfApproval: false } as const;

/** An audience's terms stand however it came to be asked: an ALERT that names nobody goes to the default one. */
export function escalationTerms(
  escalation: TrustPolicy['escalation'],
  { defaults = {}, audiences = {} }: StandingTerms = {},
): EscalationTerms {
  const audience = escalation?.audience ?? defaults.audience ?? DEFAULTS.audience;
  const own = Object.hasOwn(audiences, audience) ? audiences[audience] : undefined;
  return {
    audience,
    quorum: escalation?.quorum ?? own?.quorum ?? defaults.quorum ?? DEFAULTS.quorum,
    ttlSeconds: escalation?.ttlSeconds ?? own?.ttlSeconds ?? defaults.ttlSeconds ?? DEFAULTS.ttlSeconds,
    mode: escalation?.mode ?? own?.mode ?? defaults.mode ?? DEFAULTS.mode,
    selfApproval: escalation?.selfApproval ?? own?.selfApproval ?? defaults.selfApproval ?? DEFAULTS.selfApproval,
    reason: escalation?.reason,
  };
}

export function toEscalation(terms: EscalationTerms, reason: string | undefined): Escalation {
  return {
    mode: terms.mode,
    requirements: [{ audience: terms.audience, quorum: terms.quorum }],
    ttl_seconds: terms.ttlSeconds,
    self_approval: terms.selfApproval,
    reasons: reason === undefined ? [] : [reason],
  };
}

/** The stricter of two in every part: associative, commutative, idempotent, so neither order nor number can loosen. */
export function composeEscalations(a: Escalation, b: Escalation): Escalation {
  return {
    mode: a.mode === 'hold' || b.mode === 'hold' ? 'hold' : 'alongside',
    requirements: unionOfRequirements(a.requirements, b.requirements),
    ttl_seconds: Math.min(a.ttl_seconds, b.ttl_seconds),
    self_approval: a.self_approval && b.self_approval,
    reasons: [...new Set([...a.reasons, ...b.reasons])].sort(),
  };
}

function unionOfRequirements(a: readonly Requirement[], b: readonly Requirement[]): Requirement[] {
  const quorums = new Map<string, number>();
  for (const { audience, quorum } of [...a, ...b]) {
    quorums.set(audience, Math.max(quorum, quorums.get(audience) ?? 0));
  }
  return [...quorums]
    .map(([audience, quorum]) => ({ audience, quorum }))
    .sort((x, y) => (x.audience < y.audience ? -1 : 1));
}
