import type { Action } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import type { ActionExplanation } from '@holdpoint/shared/domain/explanation';
import { isTerminal } from '@holdpoint/shared/domain/lifecycle';
import type { Receipt } from '@holdpoint/shared/domain/receipt';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Interventions } from '../../actions/interventions.tsx';
import { KnownEntity } from '../../actions/known-entity.tsx';
import { useApi } from '../../api/api-context.tsx';
import { useBehind } from '../../api/use-behind.ts';
import { approvalKey } from '../../approvals/keys.ts';
import { Answer } from '../../pieces/answer.tsx';
import { ArgsTable } from '../../pieces/args-table.tsx';
import { DecisionBadge, RiskBadge, StateBadge } from '../../pieces/badges.tsx';
import { CopyableId } from '../../pieces/copyable-id.tsx';
import { Facts } from '../../pieces/facts.tsx';
import { PageHead } from '../../pieces/page-head.tsx';
import { Said } from '../../pieces/said.tsx';
import { Time } from '../../pieces/time.tsx';
import { Value } from '../../pieces/value.tsx';
import { ReceiptDialog } from '../../receipts/receipt-dialog.tsx';
import { Link } from '../../router/link.tsx';
import type { PageProps } from '../../router/page-props.ts';
import { isAdmin, useSession } from '../../session/session.tsx';
import { whatIfPath } from '../policies/what-if-query.ts';
import { storyOf } from './timeline.ts';
import { TimelineList } from './timeline-list.tsx';

const OPEN_MS = 1_500;

/** One action's whole story, from the webhook to how it ended. */
export function ActionPage({ id }: PageProps) {
  const [over, setOver] = useState(false);
  const action = useBehind<Action>(
    'executor',
    `/v1/actions/${encodeURIComponent(id)}`,
    over ? {} : { everyMs: OPEN_MS },
  );
  const { data } = action;
  if (data && isTerminal(data.state) !== over) setOver(isTerminal(data.state));
  const what = data ? `${data.connector}.${data.tool}` : 'Action';
  return (
    <>
      <PageHead title={what} about={<CopyableId id={id} name="action" whole />} />
      <Answer query={action} from="executor" what="The action">
        {(found) => <Story action={found} />}
      </Answer>
    </>
  );
}

function Story({ action }: { readonly action: Action }) {
  const api = useApi();
  const [receipt, setReceipt] = useState<Receipt>();
  const { approval_id: approvalId } = action;
  const approval = useQuery({
    queryKey: approvalKey(approvalId ?? ''),
    queryFn: ({ signal }) => api.get<Approval>(`/v1/approvals/${approvalId}`, signal),
    enabled: approvalId !== undefined,
  });
  return (
    <div className="stack">
      <section className="panel stack" aria-label="How it stands">
        <p className="row">
          <StateBadge state={action.state} />
          <DecisionBadge decision={action.decision} />
          {action.around?.risk && <RiskBadge risk={action.around.risk} />}
        </p>
        <Waits action={action} />
        <ActionFacts action={action} />
        <Interventions action={action} />
      </section>
      <section className="panel">
        <h2>What happened</h2>
        <TimelineList steps={storyOf(action, approval.data)} openReceipt={setReceipt} />
      </section>
      <Explanation action={action} />
      <section className="panel">
        <h2>Arguments</h2>
        {action.erased_at ? (
          <p className="quiet">
            Erased <Time at={action.erased_at} />.
          </p>
        ) : (
          <ArgsTable args={action.args} />
        )}
      </section>
      {action.entity && <KnownEntity of={action.entity} />}
      {action.result !== undefined && (
        <section className="panel">
          <h2>What the tool answered</h2>
          <ArgsTable
            args={typeof action.result === 'object' ? action.result : { result: action.result }}
            caption="Result"
          />
        </section>
      )}
      {receipt && <ReceiptDialog receipt={receipt} close={() => setReceipt(undefined)} />}
    </div>
  );
}

function ActionFacts({ action }: { readonly action: Action }) {
  const { around } = action;
  return (
    <Facts
      of={[
        ['Operator', <Said key="operator" text={action.operator} />],
        [
          'Entity',
          action.entity_key && (
            <Link href={`/receipts?entity_key=${encodeURIComponent(action.entity_key)}`}>
              <Said text={action.entity_key} />
            </Link>
          ),
        ],
        ['Value', action.value !== null && <Value of={action.value} />],
        ['Attempts', action.attempts > 0 && action.attempts],
        ['Idempotency key', action.idempotency_key && <Said text={action.idempotency_key} />],
        ['Policy version', <CopyableId key="version" id={action.policy_version} name="policy version" />],
        ['Session', around?.session_id && <Said text={around.session_id} />],
        ['Trace', around?.trace_id && <CopyableId id={around.trace_id} name="trace" />],
        ['Duplicate of', action.duplicate_of && <Link href={`/actions/${action.duplicate_of}`}>the original</Link>],
        [
          'Duplicates',
          around && around.duplicates.length > 0 && (
            <ul>
              {around.duplicates.map(({ action_id: id, operator, at }) => (
                <li key={id}>
                  <Link href={`/actions/${id}`}>
                    by <Said text={operator} />
                  </Link>{' '}
                  <Time at={at} />
                </li>
              ))}
            </ul>
          ),
        ],
      ]}
    />
  );
}

/** What it waits for now; nothing where it is over. */
function Waits({
  action: { state, around, approval_id: approval, action_id: id, error },
}: {
  readonly action: Action;
}): ReactNode {
  if (state === 'held' && approval) {
    return (
      <p>
        It waits for people: <Link href={`/approvals/${approval}`}>the approval</Link>.
      </p>
    );
  }
  if (state === 'indeterminate') {
    return (
      <p className="note tone-alert">
        <span>
          Its call may have happened, and nothing could tell{error ? ': ' : '.'}
          {error && (
            <>
              <Said text={error} />.
            </>
          )}{' '}
          Look in the remote system, then say what is so.
        </span>
      </p>
    );
  }
  if (state !== 'queued' || !around) return null;
  const { lane, next_attempt_at: next } = around;
  if (lane && lane.head !== id) {
    return (
      <p>
        {lane.ahead} of its entity {lane.ahead === 1 ? 'stands' : 'stand'} before it;{' '}
        <Link href={`/actions/${lane.head}`}>the first</Link> is{' '}
        {lane.head_state === 'indeterminate' ? 'of unknown outcome, so nothing moves' : lane.head_state}.
      </p>
    );
  }
  if (next) {
    return (
      <p>
        Its next attempt is due <Time at={next} exact />.
      </p>
    );
  }
  return <p>It is first of its entity, and waits for a worker.</p>;
}

/** Why it was decided so, for admins; nobody else asks. */
function Explanation({ action }: { readonly action: Action }) {
  const { person, services } = useSession();
  const mayAsk = isAdmin(person) && services.evaluator;
  const asked = useBehind<ActionExplanation>('evaluator', `/v1/actions/${action.action_id}/explanation`, {
    enabled: mayAsk,
  });
  if (!mayAsk) return null;
  return (
    <section className="panel stack">
      <h2>Why</h2>
      <Answer query={asked} from="evaluator" what="The explanation">
        {({ explanation, same_policies: same }) => (
          <>
            <p>
              <Said text={explanation.sentence} />
            </p>
            {explanation.nearest && (
              <p className="note tone-alert">
                <Said text={explanation.nearest.sentence} />
              </p>
            )}
            <p>
              <Link href={tryPath(action)}>Try it otherwise</Link>
            </p>
            {!same && <p className="quiet small">By the policies of now; those that decided have changed since.</p>}
          </>
        )}
      </Answer>
    </section>
  );
}

/** The same question, for the what-if; its arguments are left out, for they may hold what must not stand in an address. */
function tryPath({ connector, tool, operator, value, entity_key: entity, around }: Action): string {
  return whatIfPath({
    connector,
    tool,
    operator,
    value: value === null ? '' : String(value),
    entity_key: entity ?? '',
    event_id: around?.event?.id ?? '',
  });
}
