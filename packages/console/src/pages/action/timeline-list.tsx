import type { Receipt } from '@holdpoint/shared/domain/receipt';
import { Mark } from '../../pieces/mark.tsx';
import { Said } from '../../pieces/said.tsx';
import { Link } from '../../router/link.tsx';
import { gapText } from './gap-text.ts';
import type { Step } from './timeline.ts';
import './timeline.css';

const TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** The story, oldest first, with how long each step was in coming. */
export function TimelineList({
  steps,
  openReceipt,
}: {
  readonly steps: readonly Step[];
  readonly openReceipt: (receipt: Receipt) => void;
}) {
  return (
    <ol className="timeline" aria-label="What happened, oldest first">
      {steps.map((step, index) => (
        <li key={step.key} className="timeline-step">
          <span className={`timeline-mark tone-${step.tone}`}>
            <Mark shape={step.shape} />
          </span>
          <StepBody step={step} before={steps[index - 1]} openReceipt={openReceipt} />
        </li>
      ))}
    </ol>
  );
}

function StepBody({
  step: { at, title, by, said, policies, link, receipt },
  before,
  openReceipt,
}: {
  readonly step: Step;
  readonly before: Step | undefined;
  readonly openReceipt: (receipt: Receipt) => void;
}) {
  return (
    <div className="timeline-body">
      <p className="timeline-title">
        <strong>
          <Said text={title} />
        </strong>
        {by && (
          <span className="quiet">
            {' '}
            by <Said text={by} />
          </span>
        )}
      </p>
      <p className="timeline-when quiet small">
        {at === null ? 'time not told' : <time dateTime={at}>{TIME.format(Date.parse(at))}</time>}
        {at !== null && before?.at && <span>, {gapText(Date.parse(at) - Date.parse(before.at))} later</span>}
      </p>
      {[...new Set(said)].map((text) => (
        <p key={text} className="timeline-said">
          <Said text={text} />
        </p>
      ))}
      {policies && policies.length > 0 && (
        <p className="small quiet">
          {policies.length === 1 ? 'Policy ' : 'Policies '}
          {policies.map((policy, index) => (
            <span key={policy}>
              {index > 0 && ', '}
              <Link href={`/policies?policy=${encodeURIComponent(policy)}`}>
                <Said text={policy} />
              </Link>
            </span>
          ))}
        </p>
      )}
      {(link || receipt) && (
        <p className="row small">
          {link && <Link href={link.href}>{link.word}</Link>}
          {receipt && (
            <button type="button" className="button plain timeline-receipt" onClick={() => openReceipt(receipt)}>
              Receipt<span className="unseen"> of: {title}</span>
            </button>
          )}
        </p>
      )}
    </div>
  );
}
