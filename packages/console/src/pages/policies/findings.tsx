import type { Finding, LintReport, Witness } from '@holdpoint/policy/analysis/finding';
import { useBehind } from '../../api/use-behind.ts';
import { Answer } from '../../pieces/answer.tsx';
import { DecisionBadge } from '../../pieces/badges.tsx';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { Mark } from '../../pieces/mark.tsx';
import { Said } from '../../pieces/said.tsx';
import { Link } from '../../router/link.tsx';
import { whatIfPath } from './what-if-query.ts';

const LOOKS = { error: ['cross', 'block'], warning: ['triangle', 'alert'], info: ['ring', 'quiet'] } as const;

/** What nobody can have meant, each with an action that shows it. */
export function Findings() {
  const lint = useBehind<LintReport>('evaluator', '/v1/policies/lint');
  return (
    <Answer query={lint} from="evaluator" what="Findings">
      {({ findings, more, complete }) => (
        <div className="stack">
          {findings.length === 0 && (
            <EmptyState title="Nothing looks wrong">The policies say what they seem to say.</EmptyState>
          )}
          {findings.map((finding) => (
            <FindingCard key={`${finding.code} ${finding.policies.join(' ')} ${finding.message}`} finding={finding} />
          ))}
          {more > 0 && <p className="quiet">Up to {more} more are not shown.</p>}
          {!complete && <p className="quiet">There are too many rules to look at all: some tools were left out.</p>}
        </div>
      )}
    </Answer>
  );
}

function FindingCard({
  finding: { code, severity, policies, message, witnesses, fix },
}: {
  readonly finding: Finding;
}) {
  const [shape, tone] = LOOKS[severity];
  return (
    <article className="panel stack">
      <p className="row">
        <span className={`badge tone-${tone}`}>
          <Mark shape={shape} />
          {severity}
        </span>
        <code>{code}</code>
        {policies.map((policy) => (
          <Link key={policy} href={`/policies?policy=${encodeURIComponent(policy)}`}>
            <Said text={policy} />
          </Link>
        ))}
      </p>
      <p>
        <Said text={message} />
      </p>
      {fix && (
        <p className="quiet">
          <Said text={fix.text} />
        </p>
      )}
      {witnesses.map((witness) => (
        <WitnessLine key={JSON.stringify(witness)} witness={witness} />
      ))}
    </article>
  );
}

/** The action that shows it, as it is decided. */
function WitnessLine({ witness: { line, operator, decision, reasons, note } }: { readonly witness: Witness }) {
  const { connector, tool, value } = line;
  const said = reasons.map(({ message }) => message).join('; ');
  return (
    <p className="note">
      <span>
        <DecisionBadge decision={decision} /> {connector}.{tool}
        {value !== undefined && ` of value ${value}`} by <Said text={operator} />: <Said text={said} />
        {note && (
          <>
            {' '}
            (<Said text={note} />)
          </>
        )}
      </span>
      <Link href={whatIfPath({ connector, tool, operator, value: value === undefined ? '' : String(value) })}>
        Try it
      </Link>
    </p>
  );
}
