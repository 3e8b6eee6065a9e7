import { grouped } from './group.ts';
import type {
  History,
  ObservedCall,
  RecordedAction,
  RecordedApproval,
  RecordedGrant,
  RecordedReceipt,
  Verdict,
} from './history.ts';

type Seen = Pick<History, 'calls' | 'actions' | 'receipts' | 'approvals' | 'votes' | 'standingGrants' | 'grants'>;

/** Receipts and calls are timed by two programs on one machine. */
const CLOCKS_MAX_MS = 50;
const NEVER = new Set(['blocked', 'held', 'denied', 'duplicate']);

/** I5. Behind every call stands an action that was permitted, whose intent to call was durable before. */
export function onlyPermitted({ calls, actions, receipts, approvals, votes, standingGrants, grants }: Seen): Verdict {
  const byId = new Map(actions.map((action) => [action.id, action]));
  const receiptsOf = grouped(receipts, ({ action }) => action);
  const approvalsOf = grouped(approvals, ({ action }) => action);
  const approved = new Set(
    votes.filter(({ vote, answer }) => vote === 'approve' && answer !== 'refused').map((one) => one.approval),
  );
  const given = new Map(standingGrants.map((grant) => [grant.id, grant]));
  const unanswerable = calls.flatMap((call) => {
    const action = byId.get(call.action);
    if (action === undefined) return [`call ${call.seq} names an action that no row knows: ${call.action}`];
    const own = receiptsOf.get(action.id) ?? [];
    return [
      ...otherThanRecorded(call, action),
      ...notPermitted(action, own),
      ...withoutIntent(call, own),
      ...notGranted(action, own, approvalsOf.get(action.id) ?? [], approved, given),
    ].map((what) => `call ${call.seq} of action ${action.id}: ${what}`);
  });
  const violations = [...unanswerable, ...overspent({ approvals, standingGrants, grants })];
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
  given: ReadonlyMap<string, RecordedGrant>,
): string[] {
  if (action.mode !== 'hold') return [];
  const grant = approvals.find(({ status }) => status === 'granted');
  if (grant === undefined) return ['it was to be held, and nobody granted it'];
  if (grant.spent.length > 0) return grant.spent.flatMap((id) => notFor(action, id, given.get(id)));
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

function notFor(action: RecordedAction, id: string, grant: RecordedGrant | undefined): string[] {
  if (grant === undefined) return [`it spent a standing grant that no row knows: ${id}`];
  const classOf = ({ operator, connector, tool }: RecordedAction | RecordedGrant) => `${operator} ${connector}:${tool}`;
  return classOf(action) === classOf(grant) ? [] : [`it spent ${id}, which is for ${classOf(grant)}`];
}

/** What was spent of each consent in advance, against what people outside of the system remember to have given. */
function overspent({
  approvals,
  standingGrants,
  grants,
}: Pick<Seen, 'approvals' | 'standingGrants' | 'grants'>): string[] {
  const said = new Map(grants.filter(({ answer }) => answer !== 'refused').map((one) => [one.reason, one.uses]));
  const spent = grouped(
    approvals.flatMap(({ spent }) => spent.map((grant) => ({ grant }))),
    ({ grant }) => grant,
  );
  return standingGrants.flatMap(({ id, reason }) => {
    const uses = said.get(reason);
    if (uses === undefined) return [`no person gave the standing grant ${id}`];
    const count = spent.get(id)?.length ?? 0;
    return count <= uses ? [] : [`the standing grant ${id} was for ${uses} uses, and was spent ${count} times`];
  });
}
