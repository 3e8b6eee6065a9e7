import type { Page } from '../../api/api.ts';
import { useBehind } from '../../api/use-behind.ts';
import { Answer, NotForYou } from '../../pieces/answer.tsx';
import { type Column, DataTable } from '../../pieces/data-table.tsx';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { Mark, type Shape } from '../../pieces/mark.tsx';
import { PageHead } from '../../pieces/page-head.tsx';
import { Said } from '../../pieces/said.tsx';
import { Time } from '../../pieces/time.tsx';
import type { PageProps } from '../../router/page-props.ts';
import { isAdmin, useSession } from '../../session/session.tsx';
import { Events } from './events.tsx';

const EVERY_MS = 5_000;
const SOURCES_MAX = 200;

/** As `GET /v1/sources` tells it to who may read; admins are told more. */
interface Source {
  readonly id: string;
  readonly provider: string;
  readonly path?: string;
  readonly health: {
    readonly status: 'unused' | 'ok' | 'failing';
    readonly counts: Readonly<Record<string, number>>;
    readonly last_delivery: { readonly at: string } | null;
    readonly last_failure: {
      readonly at: string;
      readonly result: string;
      readonly reason: string | null;
      readonly help: string;
    } | null;
  } | null;
}

/** Whether webhooks arrive, and what becomes of those that do not. */
export function SourcesPage(_: PageProps) {
  const { person, services } = useSession();
  const sources = useBehind<Page<Source>>('ingest', `/v1/sources?limit=${SOURCES_MAX}`, { everyMs: EVERY_MS });
  return (
    <>
      <PageHead title="Sources" about="Where webhooks come in, and how their deliveries go." />
      <div className="stack">
        <Answer query={sources} from="ingest" what="Sources">
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState title="No source">
                Name one in <code>sources.ts</code> of the tenant.
              </EmptyState>
            ) : (
              <DataTable caption="Sources" columns={COLUMNS} rows={items} keyOf={({ id }) => id} />
            )
          }
        </Answer>
        <h2>Events</h2>
        {isAdmin(person) ? services.ingest && <Events /> : <NotForYou what="Events" />}
      </div>
    </>
  );
}

const REFUSED = [
  'refused',
  'forbidden',
  'rate_limited',
  'over_quota',
  'too_large',
  'incomplete',
  'rejected',
  'dead',
  'unavailable',
];

const COLUMNS: readonly Column<Source>[] = [
  {
    name: 'Source',
    cell: ({ id, provider, path }) => (
      <>
        <strong>{id}</strong> <span className="quiet">{provider}</span>
        {path && (
          <>
            <br />
            <code className="small">{path}</code>
          </>
        )}
      </>
    ),
  },
  { name: 'Stands', cell: ({ health }) => <Standing status={health?.status} /> },
  { name: 'Last delivery', cell: ({ health }) => health?.last_delivery && <Time at={health.last_delivery.at} /> },
  { name: 'Accepted', numeric: true, cell: ({ health }) => (health?.counts.accepted ?? 0).toLocaleString('en') },
  { name: 'Repeated', numeric: true, cell: ({ health }) => (health?.counts.duplicate ?? 0).toLocaleString('en') },
  {
    name: 'Not accepted',
    cell: ({ health }) =>
      REFUSED.filter((result) => (health?.counts[result] ?? 0) > 0)
        .map((result) => `${health?.counts[result]} ${result.replaceAll('_', ' ')}`)
        .join(', '),
  },
  {
    name: 'Last failure',
    cell: ({ health }) =>
      health?.last_failure && (
        <>
          <Time at={health.last_failure.at} />: <Said text={health.last_failure.reason ?? health.last_failure.result} />
          .{' '}
          <span className="quiet">
            <Said text={health.last_failure.help} />
          </span>
        </>
      ),
  },
];

const STANDINGS = {
  ok: ['check', 'allow', 'well'],
  failing: ['cross', 'block', 'failing'],
  unused: ['dash', 'quiet', 'not used yet'],
} as const satisfies Record<string, readonly [Shape, string, string]>;

function Standing({ status }: { readonly status: keyof typeof STANDINGS | undefined }) {
  const [shape, tone, word] =
    status === undefined ? (['question', 'quiet', 'not known now'] as const) : STANDINGS[status];
  return (
    <span className={`badge tone-${tone}`}>
      <Mark shape={shape} />
      {word}
    </span>
  );
}
