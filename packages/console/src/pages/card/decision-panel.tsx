import type { Action } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import { useState } from 'react';
import { DecideDialog } from '../../approvals/decide-dialog.tsx';
import { type Cast, useDeeds } from '../../approvals/deeds.ts';
import { SayDialog } from '../../approvals/say-dialog.tsx';
import { standingOf } from '../../approvals/standing.ts';
import { endingOf, whatOn } from '../../approvals/words.ts';
import { useKeys } from '../../keys/use-keys.ts';
import { useNow } from '../../live/use-now.ts';
import { StateBadge } from '../../pieces/badges.tsx';
import { ErrorNote } from '../../pieces/error-note.tsx';
import { Said } from '../../pieces/said.tsx';
import { Time, TimeLeft } from '../../pieces/time.tsx';
import { Link } from '../../router/link.tsx';
import { navigate } from '../../router/location.ts';
import { isAdmin, useSession } from '../../session/session.tsx';

type Open = Cast | 'comment' | 'cancel';

/** What this person may do with the request, or how it ended. */
export function DecisionPanel({
  approval,
  action,
  unread,
}: {
  readonly approval: Approval;
  readonly action: Action | undefined;
  /** What is asked is not what this person has read. */
  readonly unread: boolean;
}) {
  const { person } = useSession();
  const standing = standingOf(approval, person, useNow(1_000));
  const deeds = useDeeds();
  const [open, setOpen] = useState<Open>();
  const [error, setError] = useState<unknown>();
  const waits = approval.status === 'pending';
  const ownRequest = action?.around?.requester === person.principal && !approval.self_approval;
  const may = {
    approve: standing.mayApprove && !unread && !ownRequest,
    deny: standing.mayDeny && !unread && !ownRequest,
    takeBack: waits && standing.own !== undefined,
    cancel: waits && (isAdmin(person) || standing.mayDeny || ownRequest),
    grant: person.audiences.length > 0 && approval.tool !== null && approval.mode === 'hold' && !ownRequest,
  };
  const takeBack = (): void => {
    setError(undefined);
    deeds.withdraw(approval.id).catch(setError);
  };
  const grantHref = `/grants/new?approval=${approval.id}`;

  useKeys({
    a: () => (may.approve ? setOpen('approve') : false),
    d: () => (may.deny ? setOpen('deny') : false),
    c: () => setOpen('comment'),
    u: () => (may.takeBack ? takeBack() : false),
    s: () => (may.grant ? navigate(grantHref) : false),
    Escape: () => navigate('/'),
  });

  return (
    <section className="panel stack decision" aria-labelledby="card-decision">
      <h2 id="card-decision">{waits ? 'Decide' : 'Decided'}</h2>
      <div aria-live="polite">
        {waits ? <TimeLeft until={approval.expires_at} /> : <Ending approval={approval} action={action} />}
      </div>
      {waits && (
        <>
          {ownRequest && <p className="quiet">You asked for it yourself: others decide.</p>}
          {!ownRequest && standing.why !== undefined && <p className="quiet">{standing.why}</p>}
          <div className="decision-buttons">
            {may.approve && (
              <button type="button" className="button primary" onClick={() => setOpen('approve')}>
                Approve <kbd>a</kbd>
              </button>
            )}
            {may.deny && (
              <button type="button" className="button deny" onClick={() => setOpen('deny')}>
                Deny <kbd>d</kbd>
              </button>
            )}
            {may.takeBack && (
              <button type="button" className="button" onClick={takeBack}>
                Take back your vote <kbd>u</kbd>
              </button>
            )}
          </div>
        </>
      )}
      {error !== undefined && <ErrorNote error={error} />}
      <div className="row">
        <button type="button" className="button" onClick={() => setOpen('comment')}>
          Comment <kbd>c</kbd>
        </button>
        {may.cancel && (
          <button type="button" className="button plain" onClick={() => setOpen('cancel')}>
            Cancel request
          </button>
        )}
      </div>
      {may.grant && (
        <p className="small">
          <Link href={grantHref}>Grant requests like this in advance</Link>
        </p>
      )}
      {(open === 'approve' || open === 'deny') && (
        <DecideDialog cast={open} approvals={[approval]} close={() => setOpen(undefined)} />
      )}
      {open === 'comment' && (
        <SayDialog
          title={`Comment on ${whatOn(approval)}`}
          label="Comment"
          word="Comment"
          send={(said) => deeds.comment(approval.id, said)}
          close={() => setOpen(undefined)}
        />
      )}
      {open === 'cancel' && (
        <SayDialog
          title={`Cancel ${whatOn(approval)}`}
          label="Why (optional)"
          word="Cancel the request"
          required={false}
          send={(said) => deeds.cancel(approval.id, said)}
          close={() => setOpen(undefined)}
        />
      )}
    </section>
  );
}

function Ending({ approval, action }: { readonly approval: Approval; readonly action: Action | undefined }) {
  return (
    <div className="stack">
      <p>
        <StateBadge state={approval.status} /> <Said text={endingOf(approval)} />
        {approval.decided_at !== null && (
          <>
            , <Time at={approval.decided_at} />
          </>
        )}
      </p>
      {approval.standing_grant_id !== undefined && (
        <p>
          By a <Link href={`/grants?grant=${approval.standing_grant_id}`}>standing grant</Link>, given in advance.
        </p>
      )}
      {action && (
        <p>
          The action: <StateBadge state={action.state} />
          {action.error !== undefined && (
            <>
              {' '}
              <Said text={action.error} />
            </>
          )}
        </p>
      )}
      {action?.approval_id !== undefined && action.approval_id !== approval.id && (
        <p>
          It was scored again and held again: <Link href={`/approvals/${action.approval_id}`}>the request of now</Link>.
        </p>
      )}
    </div>
  );
}
