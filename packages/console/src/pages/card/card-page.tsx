import type { Approval } from '@holdpoint/shared/domain/approval';
import { useState } from 'react';
import { KnownEntity } from '../../actions/known-entity.tsx';
import { isRefusal } from '../../api/problem.ts';
import { whatOf, whatOn } from '../../approvals/words.ts';
import { ArgsTable } from '../../pieces/args-table.tsx';
import { RiskBadge, StateBadge, UrgencyBadge } from '../../pieces/badges.tsx';
import { CopyableId } from '../../pieces/copyable-id.tsx';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { ErrorNote } from '../../pieces/error-note.tsx';
import { Facts } from '../../pieces/facts.tsx';
import { Loading } from '../../pieces/loading.tsx';
import { PageHead } from '../../pieces/page-head.tsx';
import { Said } from '../../pieces/said.tsx';
import { Time } from '../../pieces/time.tsx';
import { Value } from '../../pieces/value.tsx';
import { Link } from '../../router/link.tsx';
import type { PageProps } from '../../router/page-props.ts';
import { DecisionPanel } from './decision-panel.tsx';
import { EventBehind } from './event-behind.tsx';
import { History } from './history.tsx';
import { PeoplePanel } from './people-panel.tsx';
import { useAction, useApproval } from './use-card.ts';
import { WhyAsked } from './why-asked.tsx';
import './card.css';
import '../../approvals/approvals.css';

/** Everything that a person needs to decide one request, and the decision. */
export function CardPage({ id }: PageProps) {
  const { data: approval, error, refetch } = useApproval(id);
  if (!approval && isRefusal(error, 'NOT_FOUND', 'INVALID_REQUEST')) {
    return (
      <>
        <PageHead title="No such request" />
        <EmptyState title="There is no such request">It may belong to another tenant.</EmptyState>
      </>
    );
  }
  if (!approval && error)
    return <ErrorNote error={error} what="The request cannot be shown" retry={() => void refetch()} />;
  if (!approval) return <Loading what="Fetching the request" />;
  return <Card approval={approval} />;
}

function Card({ approval }: { readonly approval: Approval }) {
  const [read, setRead] = useState(approval.digest);
  const { data: action } = useAction(approval);
  const changed = approval.digest !== read;
  return (
    <>
      <p className="card-back">
        <Link href="/">Inbox</Link>
      </p>
      <PageHead title={<span className="mono">{whatOf(approval)}</span>} tab={whatOn(approval)}>
        <UrgencyBadge urgency={approval.urgency} />
        <StateBadge state={approval.status} />
      </PageHead>
      {changed && (
        <div className="note tone-alert" role="alert">
          <p>
            <strong>What is asked has changed</strong> since you opened it. Read it again before you decide.
          </p>
          <button type="button" className="button" onClick={() => setRead(approval.digest)}>
            I have read it
          </button>
        </div>
      )}
      <div className="card">
        <div className="card-main">
          <section className="panel" aria-labelledby="card-what">
            <h2 id="card-what">What will happen</h2>
            <p className="card-sentence">
              <WhatHappens approval={approval} />
            </p>
            <Facts
              of={[
                ['Entity', approval.entity_key],
                ['Value', approval.value === null ? null : <Value key="value" of={approval.value} />],
                ['Risk', approval.risk && <RiskBadge risk={approval.risk} />],
                ['Subject', approval.tool === null ? approval.subject : null],
              ]}
            />
          </section>
          {approval.tool !== null && (
            <section className="panel" aria-labelledby="card-args">
              <h2 id="card-args">Arguments</h2>
              {approval.erased_at ? (
                <p className="quiet">
                  They were erased <Time at={approval.erased_at} />.
                </p>
              ) : (
                <ArgsTable args={approval.args} />
              )}
            </section>
          )}
          {action?.entity && <KnownEntity of={action.entity} />}
          <WhyAsked approval={approval} action={action} />
          <section className="panel" aria-labelledby="card-who">
            <h2 id="card-who">Who proposes it</h2>
            <Facts
              of={[
                ['Operator', approval.operator],
                ['Agent', approval.agent],
                ['On behalf of', approval.on_behalf_of && <OnBehalfOf key="for" approval={approval} />],
                ['Session', approval.session_id],
                ['Asked', <Time key="asked" at={approval.created_at} />],
                ['Plan', approval.plan_id],
              ]}
            />
          </section>
          {action?.around?.event && <EventBehind event={action.around.event} />}
          <History approval={approval} />
          <p className="quiet small row">
            Request <CopyableId id={approval.id} name="the request’s id" />
            {approval.digest !== null && (
              <>
                Digest <CopyableId id={approval.digest} name="the digest" />
              </>
            )}
            {approval.action_id !== null && (
              <Link href={`/actions/${approval.action_id}`}>The action’s whole story</Link>
            )}
          </p>
        </div>
        <div className="card-side">
          <DecisionPanel approval={approval} action={action} unread={changed} />
          <PeoplePanel approval={approval} />
        </div>
      </div>
    </>
  );
}

function WhatHappens({ approval }: { readonly approval: Approval }) {
  const { operator, tool, mode, status } = approval;
  if (tool === null) {
    return (
      <>
        <strong>{operator}</strong> asks for an answer. It acts on it by itself.
      </>
    );
  }
  const call = (
    <>
      <strong className="mono">{whatOf(approval)}</strong>
      {approval.entity_key !== null && (
        <>
          {' '}
          on <strong>{approval.entity_key}</strong>
        </>
      )}
    </>
  );
  if (mode === 'alongside') return <>{call} runs at once: what you say is recorded, and stops nothing.</>;
  if (status !== 'pending') return <>{call}, as it was asked.</>;
  return <>If it is granted, {call} runs once, and only if the policies of that moment still permit it.</>;
}

function OnBehalfOf({ approval }: { readonly approval: Approval }) {
  return (
    <>
      <Said text={approval.on_behalf_of ?? ''} />
      {!approval.on_behalf_of_verified && <span className="tone-alert small"> (only the operator says so)</span>}
    </>
  );
}
