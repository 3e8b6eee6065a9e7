import type { RejectedSet } from '@holdpoint/shared/domain/policy-change';
import { useState } from 'react';
import { useBehind } from '../../api/use-behind.ts';
import { Answer } from '../../pieces/answer.tsx';
import { DecisionBadge } from '../../pieces/badges.tsx';
import { CopyableId } from '../../pieces/copyable-id.tsx';
import { type Column, DataTable } from '../../pieces/data-table.tsx';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { Said } from '../../pieces/said.tsx';
import { usePlace } from '../../router/location.ts';
import { derivedFrom, type ShownPolicy, targetWords, termsOf } from './policy-words.ts';

const SHOWN_MAX = 200;

interface PolicySet {
  readonly version: string;
  readonly policies: readonly ShownPolicy[];
  readonly hooks: readonly { readonly id: string }[];
  readonly rejected?: RejectedSet;
}

/** The set in force. */
export function PolicyList() {
  const set = useBehind<PolicySet>('evaluator', '/v1/policies');
  return (
    <Answer query={set} from="evaluator" what="Policies">
      {(found) => <Listed set={found} />}
    </Answer>
  );
}

function Listed({ set: { version, policies, hooks, rejected } }: { readonly set: PolicySet }) {
  const { query } = usePlace();
  const [sought, setSought] = useState(query.get('policy') ?? '');
  const found = policies.filter((policy) => `${policy.id} ${targetWords(policy)} ${policy.decision}`.includes(sought));
  return (
    <div className="stack">
      {rejected && <Rejected set={rejected} />}
      <div className="row">
        <div className="field">
          <label htmlFor="policy-sought">Find a policy</label>
          <input
            id="policy-sought"
            type="search"
            value={sought}
            spellCheck={false}
            onChange={(event) => setSought(event.target.value)}
          />
        </div>
        <p className="quiet small" role="status">
          {found.length} of {policies.length}; {hooks.length} hooks; version{' '}
          <CopyableId id={version} name="policy version" />
        </p>
      </div>
      {found.length === 0 ? (
        <EmptyState title="No such policy">
          {policies.length === 0 && 'Nothing but reads is permitted until the tenant has policies.'}
        </EmptyState>
      ) : (
        <DataTable
          caption="Policies in force"
          columns={COLUMNS}
          rows={found.slice(0, SHOWN_MAX)}
          keyOf={({ id }) => id}
        />
      )}
      {found.length > SHOWN_MAX && <p className="quiet">The first {SHOWN_MAX} are shown: look for one by its name.</p>}
    </div>
  );
}

const COLUMNS: readonly Column<ShownPolicy>[] = [
  {
    name: 'Policy',
    cell: (policy) => (
      <>
        <strong>
          <Said text={policy.id} />
        </strong>
        {derivedFrom(policy) && <span className="quiet small"> {derivedFrom(policy)}</span>}
      </>
    ),
  },
  { name: 'Decision', cell: ({ decision }) => <DecisionBadge decision={decision} /> },
  { name: 'For', cell: (policy) => <Said text={targetWords(policy)} /> },
  {
    name: 'Terms',
    cell: (policy) =>
      termsOf(policy).map((term) => (
        <p key={term}>
          <Said text={term} />
        </p>
      )),
  },
];

function Rejected({ set: { version, issues } }: { readonly set: RejectedSet }) {
  return (
    <div className="note tone-block" role="alert">
      <p>
        <strong>Not in force</strong>: version {version} of the workspace is refused, so the one before stays.
      </p>
      <ul>
        {issues.map(({ file, path, reason }) => (
          <li key={`${file} ${path} ${reason}`}>
            <code>{file}</code> <Said text={`${path} ${reason}`} />
          </li>
        ))}
      </ul>
    </div>
  );
}
