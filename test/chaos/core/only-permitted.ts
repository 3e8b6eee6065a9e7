import { grouped } from './group.ts';
import type { History, ObservedCall, RecordedAction, RecordedApproval, RecordedReceipt, Verdict } from './history.ts';

type Seen = Pick<History, 'calls' | 'actions' | 'receipts' | 'approvals' | 'votes'>;

/** Receipts and calls are timed by two programs on one machine. */
const CLOCKS_MAX_MS = 50;
const NEVER = new Set(['blocked', 'held', 'denied', 'duplicate']);

/** I5. Behind every call stands an action that was permitted, whose intent to call was durable before. */
export function onlyPermitted({ calls, actions, receipts, approvals, votes }: Seen): Verdict {
  const byId = new Map(actions.map((action) => [action.id, action]));
  const receiptsOf = grouped(receipts, ({ action }) => action);
  const approvalsOf = grouped(approvals, ({ action }) => action);
  const approved = new Set(
    votes.filter(({ vote, answer }) => vote === 'approve' && answer !== 'refused').map((one) => one.approval),
  );
  const violations = calls.flatMap((call) => {
    const action = byId.get(call.action);
    if (action === undefined) return [`call ${call.seq} names an action that no row knows: ${call.action}`];
    const own = receiptsOf.get(action.id) ?? [];
    return [
      ...otherThanRecorded(call, action),
      ...notPermitted(action, own),
      ...withoutIntent(call, own),
      ...notGranted(action, own, approvalsOf.get(action.id) ?? [], approved),
    ].map((what) => `call ${call.seq} of action ${action.id}: ${what}`);
  });
  return { invariant: 'I5', checked: calls.length, excepted: 0, violations };
}

function otherThanRecorded(call: ObservedCall, action: RecordedAction): string[] {
  const said = `${call.connector}:${call.tool} ${call.entity} ${call.key}`;
  const recorded = `${action.connector}:${action.tool} ${action.entity ?? ''} ${action.key ?? ''}`;
  return said === recorded ? [] : [`it called ${said}, recorded is ${recorded}`];
}

function notPermitted(action: RecordedAction, receipts: readonly RecordedReceipt[]): string[] {
  if (action.decision === 'BLOCK' || NEVER.has(action.state)) return [`it is ${action.decision}, ${action.state}`];
  const queued = receipts.some(({ kind, outcome }) => kind === 'decision' && outcome === 'queued');
  return queued ? [] : ['no decision let it run'];
}

function withoutIntent(call: ObservedCall, receipts: readonly RecordedReceipt[]): string[] {
  const intent = receipts.find(({ kind, attempt }) => kind === 'intent' && attempt === call.attempt);
  if (intent === undefined) return [`attempt ${call.attempt} has no intent`];
  return intent.at <= call.startedAt + CLOCKS_MAX_MS
    ? []
    : [`it came ${intent.at - call.startedAt} ms before its intent`];
}

/** The grant of record, the scoring after it, and what people outside of the system remember to have said. */
function notGranted(
  action: RecordedAction,
  receipts: readonly RecordedReceipt[],
  approvals: readonly RecordedApproval[],
  approved: ReadonlySet<string>,
): string[] {
  if (action.mode !== 'hold') return [];
  const grant = approvals.find(({ status }) => status === 'granted');
  if (grant === undefined) return ['it was to be held, and nobody granted it'];
  const released = receipts.find(({ kind, outcome }) => kind === 'approval' && outcome === 'rescore');
  const scored = receipts.some(
    ({ kind, outcome, at }) =>
      kind === 'decision' && outcome === 'queued' && released !== undefined && at >= released.at,
  );
  return [
    ...(scored ? [] : ['it was granted and not scored again']),
    ...(approved.has(grant.id) ? [] : [`no person approved ${grant.id}`]),
  ];
}
