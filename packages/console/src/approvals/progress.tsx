import type { Approval } from '@holdpoint/shared/domain/approval';
import { progressOf } from './standing.ts';

/** Who is asked, how many of them, and how many have agreed: a box each, filled for who has. */
export function ProgressMarks({ approval }: { readonly approval: Approval }) {
  return (
    <ul className="progress">
      {progressOf(approval).map(({ audience, quorum, missing, also = [] }) => (
        <li key={audience}>
          <span className="progress-boxes" aria-hidden="true">
            {Array.from({ length: Math.min(quorum, 8) }, (_, place) => (
              <span key={place} className={place < quorum - missing ? 'filled' : undefined} />
            ))}
          </span>
          <span>
            {quorum - missing} of {quorum} <span className="quiet">{[audience, ...also].join(' or ')}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
