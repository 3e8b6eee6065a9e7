import type { Action } from '@holdpoint/shared/domain/action';
import { Interventions } from '../../actions/interventions.tsx';
import type { Page } from '../../api/api.ts';
import { useBehind } from '../../api/use-behind.ts';
import { Answer } from '../../pieces/answer.tsx';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { Facts } from '../../pieces/facts.tsx';
import { PageHead } from '../../pieces/page-head.tsx';
import { Said } from '../../pieces/said.tsx';
import { Time } from '../../pieces/time.tsx';
import { Value } from '../../pieces/value.tsx';
import { Link } from '../../router/link.tsx';
import type { PageProps } from '../../router/page-props.ts';

const EVERY_MS = 5_000;
const SHOWN_MAX = 50;

/** What may have happened and nothing could tell: a person looks, and says. */
export function EffectsPage(_: PageProps) {
  const unknown = useBehind<Page<Action>>('executor', `/v1/actions?state=indeterminate&limit=${SHOWN_MAX}`, {
    everyMs: EVERY_MS,
  });
  return (
    <>
      <PageHead
        title="Unknown outcomes"
        about="These calls may have happened, and nothing could tell. Look in the remote system, then say what is so."
      />
      <Answer query={unknown} from="executor" what="Unknown outcomes">
        {({ items, next_cursor: more }) =>
          items.length === 0 ? (
            <EmptyState title="Every outcome is known">Nothing waits for a person to look it up.</EmptyState>
          ) : (
            <ul className="stack">
              {items.map((action) => (
                <li key={action.action_id}>
                  <UnknownOutcome listed={action} />
                </li>
              ))}
              {more && (
                <li className="quiet">There are more than these {SHOWN_MAX}: settle some, and the others appear.</li>
              )}
            </ul>
          )
        }
      </Answer>
    </>
  );
}

/** The list says what; what stands around it is asked for each. */
function UnknownOutcome({ listed }: { readonly listed: Action }) {
  const { data } = useBehind<Action>('executor', `/v1/actions/${listed.action_id}`);
  const action = data ?? listed;
  const { around, receipts = [] } = action;
  const begun = receipts.findLast(({ kind }) => kind === 'intent');
  const blocks = around?.lane !== null && around?.lane !== undefined;
  const titleId = `unknown-${action.action_id}`;
  return (
    <article className="panel stack" aria-labelledby={titleId}>
      <h2 id={titleId}>
        <Link href={`/actions/${action.action_id}`}>
          {action.connector}.{action.tool}
        </Link>
      </h2>
      {action.error && (
        <p className="note tone-alert">
          <Said text={action.error} />
        </p>
      )}
      <Facts
        of={[
          ['Entity', action.entity_key && <Said text={action.entity_key} />],
          ['Value', action.value !== null && <Value of={action.value} />],
          ['Operator', <Said key="operator" text={action.operator} />],
          ['Attempts', action.attempts],
          ['Last attempt began', begun && <Time at={begun.at} exact />],
          ['Unknown', around && <Time at={around.updated_at} />],
          ['Idempotency key', action.idempotency_key && <Said text={action.idempotency_key} />],
        ]}
      />
      {blocks && (
        <p className="quiet">
          The next actions of its entity wait for it:{' '}
          <Link href={`/receipts?entity_key=${encodeURIComponent(action.entity_key ?? '')}`}>
            what its entity went through
          </Link>
          .
        </p>
      )}
      <Interventions action={action} />
    </article>
  );
}
