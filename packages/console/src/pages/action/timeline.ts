import type { Action } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { Receipt } from '@holdpoint/shared/domain/receipt';
import type { Shape } from '../../pieces/mark.tsx';
import { actorName } from '../../receipts/receipt-words.ts';

export type Tone = 'allow' | 'alert' | 'block' | 'quiet' | 'accent';

/** One thing that happened to an action. */
export interface Step {
  readonly key: string;
  /** Null: it happened before, and nobody said when. */
  readonly at: string | null;
  readonly shape: Shape;
  readonly tone: Tone;
  readonly title: string;
  /** Who did it, as people know them. */
  readonly by?: string;
  /** In the words of whoever said them: they are shown as somebody's. */
  readonly said: readonly string[];
  /** Policies that spoke. */
  readonly policies?: readonly string[];
  readonly link?: { readonly href: string; readonly word: string };
  readonly receipt?: Receipt;
}

/** An action's whole story, oldest first: from what its receipts, its plan and its approval say. */
export function storyOf(action: Action, approval?: Approval): Step[] {
  const people = [...(approval?.votes ?? []), ...(approval?.comments ?? [])];
  const names = new Map(people.flatMap(({ principal, name }) => (name === null ? [] : [[principal, name] as const])));
  const receipts = action.receipts ?? [];
  const happened = [
    ...receipts.map((receipt, index) => stepOf(receipt, receipts.slice(0, index), names)),
    ...(approval ? [askedStep(approval)] : []),
  ];
  const decidedAt = receipts.filter(({ kind }) => kind === 'decision').map(({ at }) => Date.parse(at));
  return [...beginning(action), ...happened.toSorted((a, b) => placeOf(a, decidedAt) - placeOf(b, decidedAt))];
}

/** People are asked in the transaction of a decision, and its receipt is written last: it comes first all the same. */
const SAME_TRANSACTION_MAX_MS = 5_000;

function placeOf({ at, key }: Step, decidedAt: readonly number[]): number {
  const ms = at === null ? Number.NEGATIVE_INFINITY : Date.parse(at);
  if (!key.startsWith('asked ')) return ms;
  return decidedAt.find((decision) => decision >= ms && decision - ms < SAME_TRANSACTION_MAX_MS) ?? ms;
}

/** What came before any receipt of it. */
function beginning({ around, operator, plan_id: planId }: Action): Step[] {
  if (!around) return [];
  const { event, agent, on_behalf_of: behalf } = around;
  const who = [
    ...(agent === null ? [] : [`agent ${agent}`]),
    ...(behalf === null ? [] : [`on behalf of ${behalf}`]),
    `proposed by ${around.requester}`,
  ];
  const steps: Step[] = [
    {
      key: 'plan',
      at: around.proposed_at,
      shape: 'disc',
      tone: 'quiet',
      title: `Plan ${planId} proposed`,
      by: operator,
      said: who,
      link: { href: `/receipts?about=${encodeURIComponent(around.plan)}`, word: 'all of the plan' },
    },
  ];
  if (!event) return steps;
  const signed = event.signed === 'none' ? 'nothing of it signed' : `signed: ${event.signed}`;
  const webhook: Step = {
    key: 'event',
    at: event.time,
    shape: 'disc',
    tone: 'quiet',
    title: `Webhook ${event.type}`,
    by: event.source,
    said: [...(event.subject === null ? [] : [event.subject]), signed],
    link: { href: `/sources?event=${encodeURIComponent(event.id)}`, word: 'the event' },
  };
  return [webhook, ...steps];
}

function askedStep({ created_at, requirements, reason, mode, id, standing_grant_id: inAdvance }: Approval): Step {
  const whom = requirements
    .map(({ audience, quorum }) => (quorum > 1 ? `${quorum} of ${audience}` : audience))
    .join(' and ');
  return {
    key: `asked ${id}`,
    at: created_at,
    shape: 'ring',
    tone: 'alert',
    title: inAdvance ? `Needs ${whom}` : `Asked ${whom}${mode === 'alongside' ? ', alongside' : ''}`,
    said: [reason],
    link: { href: `/approvals/${id}`, word: 'the approval' },
  };
}

function stepOf(receipt: Receipt, before: readonly Receipt[], names: ReadonlyMap<string, string>): Step {
  const common = { key: receipt.id, at: receipt.at, receipt };
  const by = actorName(receipt.actor, names);
  const error = receipt.error === null ? [] : [receipt.error];
  const reasons = (receipt.reasons ?? []).map(({ message }) => message);
  switch (receipt.kind) {
    case 'decision':
      return { ...common, ...decided(receipt, before), said: reasons, policies: receipt.matched ?? [] };
    case 'approval':
      return { ...common, ...voted(receipt, reasons), by, said: reasons.slice(1) };
    case 'intent':
      return { ...common, shape: 'half', tone: 'accent', title: `Attempt ${receipt.attempt ?? 1} begun`, said: [] };
    case 'outcome':
      return { ...common, ...became(receipt), said: error };
    case 'settlement':
      return { ...common, ...ended(receipt.outcome, 'Settled: '), by, said: error };
    case 'override':
      return { ...common, shape: 'half', tone: 'accent', title: 'Tried at once, by hand', by, said: error };
    case 'freeze':
    case 'policy_change':
    case 'webhook_received':
      return { ...common, shape: 'disc', tone: 'quiet', title: receipt.kind.replace('_', ' '), by, said: error };
    default:
      return receipt.kind satisfies never;
  }
}

const DECISION_LOOKS = {
  ALLOW: { shape: 'disc', tone: 'allow' },
  ALERT: { shape: 'triangle', tone: 'alert' },
  BLOCK: { shape: 'square', tone: 'block' },
} as const;

function decided({ decision, outcome }: Receipt, before: readonly Receipt[]) {
  const again = before.some(({ kind }) => kind === 'decision') ? 'Scored again: ' : 'Decided: ';
  const became = outcome === 'held' ? ', held for people' : outcome === 'duplicate' ? ', and a duplicate' : '';
  return { ...DECISION_LOOKS[decision ?? 'BLOCK'], title: `${again}${decision ?? 'BLOCK'}${became}` };
}

const DEEDS: Readonly<Record<string, readonly [title: string, shape: Shape, tone: Tone]>> = {
  approve: ['Approved', 'check', 'allow'],
  deny: ['Denied', 'cross', 'block'],
  expire: ['Time was over', 'dash', 'quiet'],
  cancel: ['Request withdrawn', 'dash', 'quiet'],
  withdraw: ['Vote taken back', 'dash', 'quiet'],
  escalate: ['Opened to more people', 'triangle', 'alert'],
  remind: ['People were reminded', 'ring', 'alert'],
  comment: ['Comment', 'half', 'quiet'],
};

/** The first reason begins with what was done. */
function voted({ outcome, reasons }: Receipt, [first = '']: readonly string[]) {
  if (reasons?.[0]?.code === 'standing_grant') {
    return { title: 'Consented in advance', shape: 'check', tone: 'allow' } as const;
  }
  const deed = /^[a-z_]+/.exec(first)?.[0] ?? '';
  const [title, shape, tone] = DEEDS[deed] ?? [first, 'ring', 'quiet'];
  return { title: outcome === 'rescore' ? `${title}: enough, so it is scored again` : title, shape, tone };
}

function became({ outcome, attempt }: Receipt) {
  if (outcome === null) {
    return {
      shape: 'dash',
      tone: 'quiet',
      title: `Late answer of attempt ${attempt ?? '?'}, kept as evidence`,
    } as const;
  }
  return ended(outcome, '');
}

const ENDS: Readonly<Record<string, readonly [title: string, shape: Shape, tone: Tone]>> = {
  applied: ['Applied', 'check', 'allow'],
  failed: ['Failed', 'cross', 'block'],
  indeterminate: ['Outcome unknown', 'question', 'alert'],
  queued: ['To be tried again', 'ring', 'accent'],
  rescore: ['To be scored again', 'ring', 'accent'],
  cancelled: ['Cancelled', 'dash', 'quiet'],
  expired: ['Expired before it was begun', 'dash', 'quiet'],
  running: ['Given to another worker', 'half', 'accent'],
};

function ended(outcome: string | null, before: string) {
  const [title, shape, tone] = ENDS[outcome ?? ''] ?? [outcome ?? 'unknown', 'dash', 'quiet'];
  return { title: before + (before === '' ? title : title.toLowerCase()), shape, tone };
}
