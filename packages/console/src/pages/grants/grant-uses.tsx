import type { ActionState } from '@holdpoint/shared/domain/lifecycle';
import type { StandingGrant } from '@holdpoint/shared/domain/standing-grant';
import { useQuery } from '@tanstack/react-query';
import { useApi } from '../../api/api-context.tsx';
import { StateBadge } from '../../pieces/badges.tsx';
import { CopyableId } from '../../pieces/copyable-id.tsx';
import { DataTable } from '../../pieces/data-table.tsx';
import { ErrorNote } from '../../pieces/error-note.tsx';
import { Time } from '../../pieces/time.tsx';
import { Value } from '../../pieces/value.tsx';
import { Link } from '../../router/link.tsx';

interface UsedGrant extends StandingGrant {
  readonly used_by: readonly {
    readonly action_id: string;
    readonly at: string;
    readonly entity_key: string | null;
    readonly value: number | null;
    readonly state: ActionState;
  }[];
}

/** What one grant has let through. */
export function GrantUses({ id }: { readonly id: string }) {
  const api = useApi();
  const { data: grant, error } = useQuery({
    queryKey: ['grants', 'one', id],
    queryFn: ({ signal }) => api.get<UsedGrant>(`/v1/standing-grants/${encodeURIComponent(id)}`, signal),
  });
  if (error) return <ErrorNote error={error} what="The grant cannot be shown" />;
  if (!grant) return null;
  return (
    <section className="panel grant-uses" aria-labelledby="grant-uses">
      <h2 id="grant-uses">
        What <span className="mono">{`${grant.connector}.${grant.tool}`}</span>{' '}
        <CopyableId id={id} name="the grant’s id" /> has let through
      </h2>
      {grant.used_by.length === 0 ? (
        <p className="quiet">Nothing yet.</p>
      ) : (
        <DataTable
          caption="Actions that the grant let through"
          rows={grant.used_by}
          keyOf={({ action_id: action }) => action}
          columns={[
            { name: 'When', cell: ({ at }) => <Time at={at} /> },
            {
              name: 'Action',
              cell: ({ action_id: action, entity_key: entity }) => (
                <Link href={`/actions/${action}`}>{entity ?? action}</Link>
              ),
            },
            { name: 'Value', numeric: true, cell: ({ value }) => <Value of={value} /> },
            { name: 'State', cell: ({ state }) => <StateBadge state={state} /> },
          ]}
        />
      )}
    </section>
  );
}
