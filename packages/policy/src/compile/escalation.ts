import type { Escalation, Requirement } from '@holdpoint/shared/domain/decision';
import type { EscalationMode, TrustPolicy } from '@holdpoint/shared/domain/policy';

/** What an ALERT asks for where its policy does not say. */
export interface EscalationDefaults {
  readonly audience?: string | undefined;
  readonly quorum?: number | undefined;
  readonly ttlSeconds?: number | undefined;
  readonly mode?: EscalationMode | undefined;
  readonly selfApproval?: boolean | undefined;
  readonly denials?: number | undefined;
  readonly remindEverySeconds?: number | undefined;
  readonly escalateTo?: EscalateTo | undefined;
  readonly refuseUnverified?: boolean | undefined;
}

type EscalateTo = NonNullable<NonNullable<TrustPolicy['escalation']>['escalateTo']>;

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
  readonly denials: number;
  readonly remindEverySeconds: number | undefined;
  readonly escalateTo: EscalateTo | undefined;
  readonly refuseUnverified: boolean;
  readonly reason: string | undefined;
}

const DEFAULTS = {
  audience: 'reviewer',
  quorum: 1,
  ttlSeconds: 24 * 3600,
  mode: 'hold',
  selfApproval: false,
  denials: 1,
} as const;

/** An audience's terms stand however it came to be asked: an ALERT that names nobody goes to the default one. */
export function escalationTerms(
  escalation: TrustPolicy['escalation'],
  { defaults = {}, audiences = {} }: StandingTerms = {},
): EscalationTerms {
  const audience = escalation?.audience ?? defaults.audience ?? DEFAULTS.audience;
  const own = Object.hasOwn(audiences, audience) ? audiences[audience] : undefined;
  const escalateTo = escalation?.escalateTo ?? own?.escalateTo ?? defaults.escalateTo;
  return {
    audience,
    quorum: escalation?.quorum ?? own?.quorum ?? defaults.quorum ?? DEFAULTS.quorum,
    ttlSeconds: escalation?.ttlSeconds ?? own?.ttlSeconds ?? defaults.ttlSeconds ?? DEFAULTS.ttlSeconds,
    mode: escalation?.mode ?? own?.mode ?? defaults.mode ?? DEFAULTS.mode,
    selfApproval: escalation?.selfApproval ?? own?.selfApproval ?? defaults.selfApproval ?? DEFAULTS.selfApproval,
    denials: escalation?.denials ?? own?.denials ?? defaults.denials ?? DEFAULTS.denials,
    remindEverySeconds: escalation?.remindEverySeconds ?? own?.remindEverySeconds ?? defaults.remindEverySeconds,
    // Where all are to escalate to one audience, that one has nobody else to turn to.
    escalateTo: escalateTo?.audience === audience ? undefined : escalateTo,
    refuseUnverified: own?.refuseUnverified ?? defaults.refuseUnverified ?? false,
    reason: escalation?.reason,
  };
}

export function toEscalation(terms: EscalationTerms, reason: string | undefined): Escalation {
  const { audience, quorum, escalateTo: to } = terms;
  const escalate = to && { audience: to.audience, after_seconds: to.afterSeconds };
  return {
    mode: terms.mode,
    requirements: [{ audience, quorum, ...(escalate && { escalate }) }],
    ttl_seconds: terms.ttlSeconds,
    self_approval: terms.selfApproval,
    reasons: reason === undefined ? [] : [reason],
    ...besides(terms.denials, terms.remindEverySeconds, terms.refuseUnverified),
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
    ...besides(
      Math.min(a.denials ?? DEFAULTS.denials, b.denials ?? DEFAULTS.denials),
      a.remind_every_seconds && b.remind_every_seconds
        ? Math.min(a.remind_every_seconds, b.remind_every_seconds)
        : (a.remind_every_seconds ?? b.remind_every_seconds),
      (a.refuse_unverified ?? b.refuse_unverified) === true,
    ),
  };
}

/** What is as ever is left out: a decision recorded before there was a choice reads as one that chose nothing. */
function besides(denials: number, remindEverySeconds: number | undefined, refuseUnverified: boolean) {
  return {
    ...(denials !== DEFAULTS.denials && { denials }),
    ...(remindEverySeconds !== undefined && { remind_every_seconds: remindEverySeconds }),
    ...(refuseUnverified && { refuse_unverified: true as const }),
  };
}

function unionOfRequirements(a: readonly Requirement[], b: readonly Requirement[]): Requirement[] {
  const union = new Map<string, Requirement>();
  for (const one of [...a, ...b]) {
    const known = union.get(one.audience);
    union.set(one.audience, known ? stricterOf(known, one) : one);
  }
  return [...union.values()].sort((x, y) => (x.audience < y.audience ? -1 : 1));
}

/** It is opened to another audience only where both would be, to the same, and not before the later of the two times. */
function stricterOf(a: Requirement, b: Requirement): Requirement {
  const { audience } = a;
  const quorum = Math.max(a.quorum, b.quorum);
  if (a.escalate === undefined || a.escalate.audience !== b.escalate?.audience) return { audience, quorum };
  const after_seconds = Math.max(a.escalate.after_seconds, b.escalate.after_seconds);
  return { audience, quorum, escalate: { audience: a.escalate.audience, after_seconds } };
}
