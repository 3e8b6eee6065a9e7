import type { Approval } from '@holdpoint/shared/domain/approval';
import { ProgressMarks } from '../../approvals/progress.tsx';
import { endingOf, whatOf, whatOn } from '../../approvals/words.ts';
import { StateBadge, UrgencyBadge } from '../../pieces/badges.tsx';
import { Said } from '../../pieces/said.tsx';
import { TimeLeft } from '../../pieces/time.tsx';
import { Value } from '../../pieces/value.tsx';
import { Link } from '../../router/link.tsx';

/** One request in the list. Its link takes the focus for the whole of it. */
export function Entry({
  approval,
  waits,
  selectable,
  selected,
  select,
}: {
  readonly approval: Approval;
  /** Not so where it was decided, or ran out, since the list was put in order. */
  readonly waits: boolean;
  readonly selectable: boolean;
  readonly selected: boolean;
  readonly select: () => void;
}) {
  return (
    <li className={waits ? 'entry' : 'entry over'} data-id={approval.id}>
      <span className="entry-select">
        {selectable && waits && (
          <input type="checkbox" checked={selected} onChange={select} aria-label={`Select ${whatOn(approval)}`} />
        )}
      </span>
      <span className="entry-what">
        <Link href={`/approvals/${approval.id}`} className="entry-link">
          <span className="mono">{whatOf(approval)}</span>
          {approval.entity_key !== null && <span className="entry-entity">{approval.entity_key}</span>}
        </Link>
        <UrgencyBadge urgency={approval.urgency} />
        <span className="entry-why quiet">
          <Said text={approval.reason} />
        </span>
      </span>
      <span className="entry-value">
        <Value of={approval.value} />
      </span>
      <span className="entry-who">
        {approval.operator}
        {approval.agent !== null && <span className="quiet small">{approval.agent}</span>}
      </span>
      <span className="entry-progress small">
        {approval.status === 'pending' ? <ProgressMarks approval={approval} /> : <StateBadge state={approval.status} />}
      </span>
      <span className="entry-time small">
        {waits ? (
          <TimeLeft until={approval.expires_at} />
        ) : approval.status === 'pending' ? (
          'waits no more'
        ) : (
          endingOf(approval)
        )}
      </span>
    </li>
  );
}
