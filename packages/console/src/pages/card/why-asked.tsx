import type { Action } from '@holdpoint/shared/domain/action';
import type { Approval } from '@holdpoint/shared/domain/approval';
import { Said } from '../../pieces/said.tsx';
import { useExplanation } from './use-card.ts';

/** Which policies asked for a person, and why; for admins also how they came to it. */
export function WhyAsked({ approval, action }: { readonly approval: Approval; readonly action: Action | undefined }) {
  const { data: explained } = useExplanation(approval);
  return (
    <section className="panel" aria-labelledby="card-why">
      <h2 id="card-why">Why a person is asked</h2>
      <div className="stack">
        <p>
          <Said text={approval.reason} />
        </p>
        {action && action.reasons.length > 0 && (
          <ul className="reasons">
            {action.reasons.map(({ code, policy, message }) => (
              <li key={`${code} ${policy} ${message}`}>
                {policy !== undefined && <code>{policy}</code>} <Said text={message} />
              </li>
            ))}
          </ul>
        )}
        {explained && (
          <>
            <p>{explained.explanation.sentence}</p>
            {explained.explanation.nearest && <p className="quiet">{explained.explanation.nearest.sentence}</p>}
            {!explained.same_policies && (
              <p className="tone-alert small">The policies have changed since: this is what they say now.</p>
            )}
          </>
        )}
      </div>
    </section>
  );
}
