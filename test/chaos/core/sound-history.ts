import type { History, ObservedCall, RecordedAction, RecordedReceipt } from './history.ts';

/** A small history in which everything is as it should be; tests break one thing of it at a time. */
export function soundHistory(): History {
  const queued = action('queued-1', { key: 'k1', laneSeq: 1 });
  const paid = action('paid-1', { tool: 'pay', key: 'k2', laneSeq: 2, decision: 'ALERT', mode: 'hold' });
  const repeated = action('repeated-1', { tool: 'safe', key: 'k3', laneSeq: 3, attempts: 2 });
  const denied = action('denied-1', {
    tool: 'pay',
    key: 'k4',
    decision: 'ALERT',
    mode: 'hold',
    state: 'denied',
    attempts: 0,
  });
  const dropped = action('dropped-1', { tool: 'drop', key: 'k5', decision: 'BLOCK', state: 'blocked', attempts: 0 });
  const twin = action('twin-1', { key: 'k1', state: 'duplicate', duplicateOf: 'queued-1', attempts: 0 });
  const settled = action('settled-1', { key: 'k6', laneSeq: 4, attempts: 2 });
  const asked = action('asked-1', { tool: 'asked', key: 'k7', laneSeq: 5, attempts: 2 });
  const few = action('few-1', { tool: 'few', key: 'k8', entity: 'order:9' });
  const covered = action('covered-1', { tool: 'pay', key: 'k10', laneSeq: 6, decision: 'ALERT', mode: 'hold' });
  const later = action('few-2', { tool: 'few', key: 'k9', entity: 'order:9' });
  const actions = [queued, paid, repeated, denied, dropped, twin, settled, asked, few, later, covered].map(
    (one, index) => ({
      ...one,
      index,
    }),
  );
  return {
    plainTools: new Set(['shop:blind', 'shop:pay', 'shop:drop']),
    askedTools: new Set(['shop:asked']),
    limited: { tool: 'few', count: 1, perMs: 10_000 },
    questions: [{ at: 1_840, connector: 'shop', key: 'k7', answer: 'not_applied' }],
    calls: [
      call(1, queued, { startedAt: 1_000, endedAt: 1_010 }),
      call(2, paid, { startedAt: 1_200, endedAt: 1_210 }),
      call(3, repeated, { startedAt: 1_300, endedAt: 1_310 }),
      call(4, repeated, { startedAt: 1_400, endedAt: 1_410, attempt: 2, applied: false }),
      call(5, settled, { startedAt: 1_500, endedAt: 1_510 }),
      call(6, settled, { startedAt: 1_700, endedAt: 1_710, attempt: 2 }),
      call(7, asked, { startedAt: 1_800, endedAt: 1_810, applied: false }),
      call(8, asked, { startedAt: 1_850, endedAt: 1_860, attempt: 2 }),
      call(9, covered, { startedAt: 1_900, endedAt: 1_910 }),
      call(10, few, { startedAt: 2_000, endedAt: 2_010 }),
      call(11, later, { startedAt: 12_000, endedAt: 12_010 }),
    ],
    stops: [],
    webhooks: [{ eventId: 'github.issues.a', bodyDigest: 'digest-a' }],
    events: [{ eventId: 'github.issues.a', bodyDigest: 'digest-a' }],
    plans: [{ planId: 'plan-1', operator: 'bot', bodies: [actions.map(({ line }) => line)], conflictAcked: false }],
    recordedPlans: [{ planId: 'plan-1', operator: 'bot', rows: 1 }],
    actions,
    receipts: [
      ...story('queued-1', [
        ['decision', 'queued', 900],
        ['intent', 'running', 990, 1],
        ['outcome', 'applied', 1_020],
      ]),
      ...story('paid-1', [
        ['decision', 'held', 900],
        ['approval', 'rescore', 1_100],
        ['decision', 'queued', 1_150],
        ['intent', 'running', 1_190, 1],
        ['outcome', 'applied', 1_220],
      ]),
      ...story('repeated-1', [
        ['decision', 'queued', 900],
        ['intent', 'running', 1_290, 1],
        ['settlement', 'queued', 1_320],
        ['intent', 'running', 1_390, 2],
        ['outcome', 'applied', 1_420],
      ]),
      ...story('denied-1', [
        ['decision', 'held', 900],
        ['approval', 'denied', 1_000],
      ]),
      ...story('dropped-1', [['decision', 'blocked', 900]]),
      ...story('twin-1', [['decision', 'duplicate', 900]]),
      ...story('settled-1', [
        ['decision', 'queued', 900],
        ['intent', 'running', 1_490, 1],
        ['outcome', 'indeterminate', 1_520],
        ['settlement', 'queued', 1_600, null, 'https://people.test|olga'],
        ['intent', 'running', 1_690, 2],
        ['outcome', 'applied', 1_720],
      ]),
      ...story('asked-1', [
        ['decision', 'queued', 900],
        ['intent', 'running', 1_790, 1],
        ['settlement', 'queued', 1_820],
        ['intent', 'running', 1_830, 2],
        ['outcome', 'applied', 1_870],
      ]),
      ...story('covered-1', [
        ['decision', 'queued', 1_880],
        ['approval', 'granted', 1_880],
        ['intent', 'running', 1_890, 1],
        ['outcome', 'applied', 1_920],
      ]),
      ...story('few-1', [
        ['decision', 'queued', 1_950],
        ['intent', 'running', 1_990, 1],
        ['outcome', 'applied', 2_020],
      ]),
      ...story('few-2', [
        ['decision', 'queued', 11_950],
        ['intent', 'running', 11_990, 1],
        ['outcome', 'applied', 12_020],
      ]),
      receipt('webhook', { kind: 'webhook_received', event: 'github.issues.a', action: null, outcome: null }),
    ],
    approvals: [
      { id: 'approval-paid', action: 'paid-1', status: 'granted', spent: [] },
      { id: 'approval-denied', action: 'denied-1', status: 'denied', spent: [] },
      { id: 'approval-covered', action: 'covered-1', status: 'granted', spent: ['standing-1'] },
    ],
    standingGrants: [{ id: 'standing-1', reason: 'grant 1', operator: 'bot', connector: 'shop', tool: 'pay' }],
    grants: [{ reason: 'grant 1', uses: 1, answer: 'accepted' }],
    votes: [
      { approval: 'approval-paid', vote: 'approve', answer: 'accepted' },
      { approval: 'approval-denied', vote: 'deny', answer: 'accepted' },
    ],
    settlements: [{ action: 'settled-1', as: 'not_applied', answer: 'accepted' }],
    outcomes: actions.map(({ id, state }) => ({ id: `fact-${id}`, action: id, outcome: state as 'applied' })),
    deadPlans: [],
    drain: { tookMs: 1_000, limitMs: 60_000, left: [] },
    secrets: { searched: 10, inHolders: 1, found: [] },
  };
}

export function action(id: string, change: Partial<RecordedAction>): RecordedAction {
  return {
    id,
    planId: 'plan-1',
    operator: 'bot',
    index: 0,
    line: id,
    connector: 'shop',
    tool: 'blind',
    risk: 'write',
    entity: 'order:1',
    key: null,
    decision: 'ALLOW',
    mode: null,
    state: 'applied',
    duplicateOf: null,
    laneSeq: null,
    attempts: 1,
    ...change,
  };
}

export function call(seq: number, of: RecordedAction, change: Partial<ObservedCall>): ObservedCall {
  return {
    seq,
    action: of.id,
    attempt: 1,
    connector: of.connector,
    tool: of.tool,
    entity: of.entity ?? '',
    key: of.key ?? '',
    pid: 100,
    startedAt: 0,
    endedAt: 1,
    applied: true,
    ...change,
  };
}

export function receipt(id: string, change: Partial<RecordedReceipt>): RecordedReceipt {
  return {
    id,
    at: 0,
    kind: 'outcome',
    action: null,
    event: null,
    actor: 'executor|worker',
    outcome: null,
    attempt: null,
    ...change,
  };
}

type StoryStep = readonly [
  kind: RecordedReceipt['kind'],
  outcome: string,
  at: number,
  attempt?: number | null,
  actor?: string,
];

function story(id: string, steps: readonly StoryStep[]): RecordedReceipt[] {
  return steps.map(([kind, outcome, at, attempt = null, actor = 'executor|worker'], step) =>
    receipt(`${id}-${step}`, { action: id, kind, outcome, at, attempt, actor }),
  );
}
