import type { Approval } from '@holdpoint/shared/domain/approval';
import { ProgressMarks } from '../../approvals/progress.tsx';
import { progressOf } from '../../approvals/standing.ts';
import { nameOf } from '../../approvals/words.ts';
import { durationText } from '../../pieces/duration.ts';
import { Mark } from '../../pieces/mark.tsx';
import { Said } from '../../pieces/said.tsx';
import { Time } from '../../pieces/time.tsx';

/** Who is asked, who has said what. */
export function PeoplePanel({ approval }: { readonly approval: Approval }) {
  return (
    <section className="panel stack" aria-labelledby="card-people">
      <h2 id="card-people">Who decides</h2>
      <ProgressMarks approval={approval} />
      {approval.denials > 1 && <p className="small quiet">{approval.denials} denials deny it.</p>}
      <Escalation approval={approval} />
      {approval.votes.length > 0 && (
        <ul className="votes">
          {approval.votes.map((vote) => (
            <li key={vote.principal}>
              <p className={vote.vote === 'deny' ? 'tone-block' : 'tone-allow'}>
                <Mark shape={vote.vote === 'deny' ? 'cross' : 'check'} />{' '}
                <strong title={vote.principal}>{nameOf(vote)}</strong> {vote.vote === 'deny' ? 'denied' : 'approved'}
              </p>
              <p className="small quiet">
                {vote.audience}, <Time at={vote.at} />
              </p>
              {vote.comment !== null && (
                <p>
                  <Said text={vote.comment} />
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
      {approval.comments.length > 0 && (
        <>
          <h3>Comments</h3>
          <ul className="votes">
            {approval.comments.map((comment) => (
              <li key={comment.id}>
                <p>
                  <strong title={comment.principal}>{nameOf(comment)}</strong>{' '}
                  <span className="small quiet">
                    <Time at={comment.at} />
                  </span>
                </p>
                <p>
                  <Said text={comment.text} />
                </p>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** Whom it turns to, or has turned to, when nobody answers. */
function Escalation({ approval }: { readonly approval: Approval }) {
  const { escalated_at: at, reminders, created_at: asked } = approval;
  const toCome = progressOf(approval).flatMap(({ audience, escalate }) =>
    escalate ? [{ audience, to: escalate }] : [],
  );
  return (
    <>
      {at !== null && (
        <p className="small tone-alert">
          Opened to more people <Time at={at} />, for nobody had decided.
        </p>
      )}
      {approval.status === 'pending' &&
        toCome.map(({ audience, to }) => (
          <p key={audience} className="small quiet">
            {durationText(to.after_seconds * 1000)} after it was asked (<Time at={asked} />) {to.audience} may decide
            for {audience}.
          </p>
        ))}
      {reminders > 0 && (
        <p className="small quiet">
          {reminders === 1 ? 'People were reminded once.' : `People were reminded ${reminders} times.`}
        </p>
      )}
    </>
  );
}
