import type { PolicyChange } from '@holdpoint/shared/domain/policy-change';
import type { Page } from '../../api/api.ts';
import { useBehind } from '../../api/use-behind.ts';
import { Answer } from '../../pieces/answer.tsx';
import { CopyableId } from '../../pieces/copyable-id.tsx';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { Said } from '../../pieces/said.tsx';
import { Time } from '../../pieces/time.tsx';

interface Change {
  readonly id: string;
  readonly at: string;
  readonly version: string;
  readonly changes: readonly PolicyChange[];
}

/** What became of the policies, newest first. */
export function Changes() {
  const changes = useBehind<Page<Change>>('evaluator', '/v1/policies/changes?limit=50');
  return (
    <Answer query={changes} from="evaluator" what="Changes">
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState title="No change yet">The set that was there first is still in force.</EmptyState>
        ) : (
          <ol className="stack">
            {items.map(({ id, at, version, changes: told }) => (
              <li key={id} className="panel stack">
                <p className="row">
                  <strong>
                    <Time at={at} exact />
                  </strong>
                  <CopyableId id={version} name="policy version" />
                </p>
                <ul>
                  {told.map(({ code, policy, message }) => (
                    <li key={`${code} ${policy ?? ''} ${message}`}>
                      <code>{code}</code> {policy && <Said text={policy} />} <Said text={message} />
                    </li>
                  ))}
                </ul>
              </li>
            ))}
          </ol>
        )
      }
    </Answer>
  );
}
