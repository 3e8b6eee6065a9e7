import type { ApprovalStatus } from '@holdpoint/shared/domain/approval';
import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import type { DECISIONS, RISKS } from '@holdpoint/shared/domain/policy';
import { Mark, type Shape } from './mark.tsx';

type Tone = 'allow' | 'alert' | 'block' | 'quiet' | 'accent';
type Look = readonly [Shape, Tone];

const DECISION_LOOKS = {
  ALLOW: ['disc', 'allow'],
  ALERT: ['triangle', 'alert'],
  BLOCK: ['square', 'block'],
} as const satisfies Record<(typeof DECISIONS)[number], Look>;

/** Of approvals and of actions: no word means two things. */
const STATE_LOOKS = {
  pending: ['ring', 'alert'],
  granted: ['check', 'allow'],
  denied: ['cross', 'block'],
  expired: ['dash', 'quiet'],
  cancelled: ['dash', 'quiet'],
  blocked: ['square', 'block'],
  held: ['ring', 'alert'],
  rescore: ['half', 'accent'],
  queued: ['ring', 'accent'],
  running: ['half', 'accent'],
  applied: ['check', 'allow'],
  failed: ['cross', 'block'],
  indeterminate: ['question', 'alert'],
  duplicate: ['dash', 'quiet'],
} as const satisfies Record<ApprovalStatus | ActionState, Look>;

const RISK_LOOKS = {
  read: ['ring', 'quiet'],
  write: ['half', 'quiet'],
  destructive: ['triangle', 'block'],
} as const satisfies Record<(typeof RISKS)[number], Look>;

const STATE_WORDS: Partial<Record<keyof typeof STATE_LOOKS, string>> = {
  rescore: 'scored again',
  indeterminate: 'outcome unknown',
};

function Badge({ look: [shape, tone], word }: { readonly look: Look; readonly word: string }) {
  return (
    <span className={`badge tone-${tone}`}>
      <Mark shape={shape} />
      {word}
    </span>
  );
}

export function DecisionBadge({ decision }: { readonly decision: keyof typeof DECISION_LOOKS }) {
  return <Badge look={DECISION_LOOKS[decision]} word={decision} />;
}

export function StateBadge({ state }: { readonly state: ApprovalStatus | ActionState }) {
  return <Badge look={STATE_LOOKS[state]} word={STATE_WORDS[state] ?? state} />;
}

export function RiskBadge({ risk }: { readonly risk: keyof typeof RISK_LOOKS }) {
  return <Badge look={RISK_LOOKS[risk]} word={risk} />;
}

/** Only what is out of the ordinary is said. */
export function UrgencyBadge({ urgency }: { readonly urgency: 'low' | 'medium' | 'high' }) {
  return urgency === 'high' ? <Badge look={['triangle', 'alert']} word="urgent" /> : null;
}
