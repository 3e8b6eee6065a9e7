import type { Decision } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import { isTerminal } from '@holdpoint/shared/domain/lifecycle';
import type { DecisionsFact, OutcomesFact } from '@holdpoint/shared/messages/facts';
import type { Line, Tone } from './terminal.ts';

/** What NATS tells, read. */
export type Fact =
  | { readonly kind: 'plan'; readonly plan: string }
  | { readonly kind: 'decisions'; readonly fact: DecisionsFact }
  | { readonly kind: 'outcomes'; readonly fact: OutcomesFact }
  | { readonly kind: 'approval'; readonly approval: Approval }
  | { readonly kind: 'dead'; readonly subject: string; readonly reason: string };

export interface Account {
  /** What there is to say about a fact; nothing about one that was heard before or that another line has told. */
  take(fact: Fact): Line[];
  /** Plans without a decision, and actions that are neither over nor waiting for a person. */
  unfinished(): number;
  /** Held actions whose approval is pending. */
  waiting(): Approval[];
  /** How many actions stand in each state. */
  counts(): ReadonlyMap<string, number>;
}

type DecidedItem = DecisionsFact['items'][number];
type FinishedItem = OutcomesFact['items'][number];

/** Keeps the account of what became of every action: facts may come twice, and in any order. */
export function openAccount(): Account {
  const heard = new Set<string>();
  const undecided = new Set<string>();
  const decided = new Set<string>();
  const states = new Map<string, string>();
  const approvals = new Map<string, Approval>();

  const news = (id: string): boolean => !heard.has(id) && heard.add(id).size > 0;

  function takeDecision(operator: string, item: DecidedItem): Line[] {
    const known = states.get(item.action_id);
    if (known === undefined || (known === 'held' && item.state !== 'held')) states.set(item.action_id, item.state);
    return [decisionLine(operator, item)];
  }

  function takeOutcome(item: FinishedItem): Line[] {
    states.set(item.action_id, item.outcome);
    // A blocked line and a duplicate were told of when they were decided.
    return item.outcome === 'blocked' || item.outcome === 'duplicate' ? [] : [outcomeLine(item)];
  }

  return {
    take(fact) {
      switch (fact.kind) {
        case 'plan':
          if (!decided.has(fact.plan)) undecided.add(fact.plan);
          return [];
        case 'decisions': {
          const { id, tenant, operator, plan_id, items } = fact.fact;
          const plan = planName(tenant, operator, plan_id);
          undecided.delete(plan);
          decided.add(plan);
          return news(`d ${id}`) ? items.flatMap((item) => takeDecision(operator, item)) : [];
        }
        case 'outcomes':
          return news(`o ${fact.fact.id}`) ? fact.fact.items.flatMap(takeOutcome) : [];
        case 'approval': {
          const { approval } = fact;
          const known = approvals.get(approval.id);
          if (known === undefined || known.status === 'pending') approvals.set(approval.id, approval);
          return news(`a ${approval.id} ${approval.status} ${approval.votes.length}`) ? approvalLines(approval) : [];
        }
        case 'dead':
          return [{ label: 'dead letter', tone: 'bad', columns: [fact.subject, fact.reason] }];
        default:
          return fact satisfies never;
      }
    },
    unfinished() {
      const open = [...states.values()].filter((state) => state !== 'held' && !isTerminal(state as never));
      return undecided.size + open.filter((state) => state !== 'indeterminate').length;
    },
    waiting: () => [...approvals.values()].filter(({ status, mode }) => status === 'pending' && mode === 'hold'),
    counts() {
      const counts = new Map<string, number>();
      for (const state of states.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
      return counts;
    },
  };
}

export const planName = (tenant: string, operator: string, planId: string): string => `${tenant} ${operator} ${planId}`;

const TONES = { ALLOW: 'good', ALERT: 'waits', BLOCK: 'bad' } as const satisfies Record<Decision['decision'], Tone>;

function decisionLine(operator: string, item: DecidedItem): Line {
  return { label: item.decision, tone: TONES[item.decision], columns: [...target(item), why(operator, item)] };
}

function why(operator: string, item: DecidedItem): string {
  const reasons = [...new Set(item.reasons.map(({ message }) => message))].join('; ');
  if (item.state === 'duplicate') return `${operator}: the same as before, not done again`;
  if (item.escalation === undefined || item.state === 'blocked') return `${operator}: ${reasons}`;
  const { mode, requirements, reasons: asked } = item.escalation;
  const audiences = requirements.map(({ audience, quorum }) => (quorum > 1 ? `${quorum} of ${audience}` : audience));
  const what = mode === 'hold' ? 'waits for' : 'runs, and is shown to';
  return `${operator}: ${what} ${audiences.join(' and ')}: ${asked.join('; ') || reasons}`;
}

const OUTCOME_TONES: Readonly<Partial<Record<FinishedItem['outcome'], Tone>>> = {
  applied: 'good',
  failed: 'bad',
  indeterminate: 'bad',
};

function outcomeLine(item: FinishedItem): Line {
  const attempts = item.attempts > 1 ? `at attempt ${item.attempts}` : '';
  const said = item.error ?? (item.outcome === 'applied' ? 'done' : '');
  return {
    label: item.outcome,
    tone: OUTCOME_TONES[item.outcome] ?? 'quiet',
    columns: [...target(item), [said, attempts].filter(Boolean).join(' ')],
  };
}

/** A request is told of with its decision; from then on every vote and the end are news. */
function approvalLines(approval: Approval): Line[] {
  const { status, votes, connector, tool, entity_key } = approval;
  const said = votes.at(-1);
  if (status === 'pending' && said === undefined && connector !== null) return [];
  const tone = status === 'granted' ? 'good' : status === 'denied' ? 'bad' : 'quiet';
  const who = said && `${said.principal.split('|').at(-1)}: ${said.vote}${said.comment ? `, ${said.comment}` : ''}`;
  const label = status === 'pending' ? (said ? 'voted' : 'asked') : status;
  const what = connector === null ? [approval.subject ?? '', ''] : [`${connector} ${tool}`, entity_key ?? ''];
  return [{ label, tone, columns: [...what, who ?? approval.reason] }];
}

function target(item: { connector: string; tool: string; entity_key: string | null }): [string, string] {
  return [`${item.connector} ${item.tool}`, item.entity_key ?? ''];
}
