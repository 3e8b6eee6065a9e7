import type { StandingGrant } from '@holdpoint/shared/domain/standing-grant';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type Page, withQuery } from '../../api/api.ts';
import { useApi } from '../../api/api-context.tsx';
import { useNow } from '../../live/use-now.ts';
import { ConfirmDialog } from '../../pieces/confirm-dialog.tsx';
import { DataTable } from '../../pieces/data-table.tsx';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { ErrorNote } from '../../pieces/error-note.tsx';
import { Loading } from '../../pieces/loading.tsx';
import { PageHead } from '../../pieces/page-head.tsx';
import { Said } from '../../pieces/said.tsx';
import { Time } from '../../pieces/time.tsx';
import { Value } from '../../pieces/value.tsx';
import { Link } from '../../router/link.tsx';
import { changeQuery, usePlace } from '../../router/location.ts';
import type { PageProps } from '../../router/page-props.ts';
import { isAdmin, useSession } from '../../session/session.tsx';
import { GrantUses } from './grant-uses.tsx';
import { conditionText, overBecause } from './grant-words.ts';
import './grants.css';

/** What people have consented to in advance, and how to take it back. */
export function GrantsPage(_: PageProps) {
  const api = useApi();
  const { query } = usePlace();
  const all = query.get('all') !== null;
  const opened = query.get('grant');
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ['grants', all],
    queryFn: ({ pageParam: cursor, signal }) =>
      api.get<Page<StandingGrant>>(
        withQuery('/v1/standing-grants', { active: all ? undefined : 'true', cursor }),
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor: next }) => next,
  });
  return (
    <>
      <PageHead title="Standing grants" about="What people have consented to before it is asked.">
        <label className="row">
          <input type="checkbox" checked={all} onChange={() => changeQuery({ all: all ? '' : '1' })} />
          Also those that are over
        </label>
      </PageHead>
      {opened !== null && <GrantUses id={opened} />}
      {error && <ErrorNote error={error} what="The grants cannot be shown" retry={() => void refetch()} />}
      {!data && !error && <Loading what="Fetching the grants" />}
      {data && <Grants grants={data.pages.flatMap(({ items }) => items)} />}
      {hasNextPage && (
        <p className="grants-older">
          <button type="button" className="button" onClick={() => void fetchNextPage()}>
            Show older ones
          </button>
        </p>
      )}
    </>
  );
}

function Grants({ grants }: { readonly grants: readonly StandingGrant[] }) {
  const [api, queries] = [useApi(), useQueryClient()];
  const { person } = useSession();
  const now = useNow(30_000);
  const [revoked, setRevoked] = useState<StandingGrant>();
  const mayRevoke = ({ granted_by: by, audiences }: StandingGrant): boolean =>
    isAdmin(person) || by === person.principal || audiences.some((one) => person.audiences.includes(one));
  if (grants.length === 0) {
    return (
      <EmptyState title="Nothing is granted in advance">
        Whoever approves the same again and again can grant it from the request.
      </EmptyState>
    );
  }
  return (
    <>
      <DataTable
        caption="Standing grants"
        rows={grants}
        keyOf={({ id }) => id}
        columns={[
          {
            name: 'What',
            cell: (grant) => (
              <>
                <Link href={`/grants?grant=${grant.id}`} className="mono">{`${grant.connector}.${grant.tool}`}</Link>
                <span className="quiet"> by {grant.operator}</span>
              </>
            ),
          },
          { name: 'Where', cell: (grant) => <Conditions grant={grant} /> },
          {
            name: 'Uses left',
            numeric: true,
            cell: ({ uses, uses_left: left }) => `${left} of ${uses}`,
          },
          {
            name: 'Until',
            cell: (grant) => overBecause(grant, now) ?? <Time at={grant.until} />,
          },
          {
            name: 'Granted by',
            cell: ({ granted_by_name: name, granted_by: by, reason }) => (
              <>
                <span title={by}>{name}</span>: <Said text={reason} />
              </>
            ),
          },
          {
            name: 'Take back',
            cell: (grant) =>
              overBecause(grant, now) === undefined &&
              mayRevoke(grant) && (
                <button type="button" className="button" onClick={() => setRevoked(grant)}>
                  Revoke
                </button>
              ),
          },
        ]}
      />
      {revoked && (
        <ConfirmDialog
          title={`Revoke the grant of ${revoked.connector}.${revoked.tool}?`}
          does="Revoke"
          reason="none"
          doIt={async () => {
            await api.remove(`/v1/standing-grants/${revoked.id}`);
            await queries.invalidateQueries({ queryKey: ['grants'] });
          }}
          close={() => setRevoked(undefined)}
        >
          <p>From now on people are asked again. What it has let through goes on.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

function Conditions({ grant: { args, max_value: max } }: { readonly grant: StandingGrant }) {
  if (args.length === 0 && max === null) return <span className="tone-alert">whatever its arguments</span>;
  return (
    <ul className="small">
      {args.map((condition) => (
        <li key={condition.path} className="mono">
          <Said text={conditionText(condition)} />
        </li>
      ))}
      {max !== null && (
        <li>
          value at most <Value of={max} />
        </li>
      )}
    </ul>
  );
}
