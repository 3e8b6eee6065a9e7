import { useBehind } from '../../api/use-behind.ts';
import { Answer } from '../../pieces/answer.tsx';
import { type Column, DataTable } from '../../pieces/data-table.tsx';
import { durationText } from '../../pieces/duration.ts';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { Mark, type Shape } from '../../pieces/mark.tsx';
import { TimeLeft } from '../../pieces/time.tsx';
import { Link } from '../../router/link.tsx';

const EVERY_MS = 3_000;

/** As `GET /v1/connectors` tells it. */
interface Connector {
  readonly connector: string;
  readonly circuit: 'closed' | 'open' | 'half_open';
  readonly open_until?: string;
  readonly rate?: { readonly per_second: number; readonly burst: number };
  readonly resting_until?: string;
  readonly paused: boolean;
  readonly waiting: number;
  readonly active: number;
  readonly oldest_head?: { readonly action_id: string; readonly age_seconds: number; readonly why: string };
  readonly heads: Readonly<Record<string, number>>;
}

const WHY_WORDS: Readonly<Record<string, string>> = {
  queued: 'waits for a worker',
  backing_off: 'waits for its next attempt',
  frozen: 'is frozen',
  indeterminate: 'is of unknown outcome',
  running: 'is running',
  paused: 'its connector is paused',
  circuit_open: 'its connector is failing',
  rate_limited: 'its connector’s rate is used up',
  unauthorised: 'waits to be scored again',
};

export const whyWords = (why: string): string => WHY_WORDS[why] ?? why;

const COLUMNS: readonly Column<Connector>[] = [
  { name: 'Connector', cell: ({ connector }) => <strong>{connector}</strong> },
  { name: 'Stands', cell: (connector) => <Standing of={connector} /> },
  {
    name: 'Rate',
    cell: ({ rate, resting_until: resting }) => (
      <>
        {rate ? `${rate.per_second}/s, burst ${rate.burst}` : 'free'}
        {resting && (
          <>
            ; rests, <TimeLeft until={resting} />
          </>
        )}
      </>
    ),
  },
  { name: 'Waiting', numeric: true, cell: ({ waiting }) => waiting },
  { name: 'Active', numeric: true, cell: ({ active }) => active },
  {
    name: 'Oldest head',
    cell: ({ oldest_head: head }) =>
      head && (
        <>
          <Link href={`/actions/${head.action_id}`}>{durationText(head.age_seconds * 1000)}</Link>: {whyWords(head.why)}
        </>
      ),
  },
];

function Standing({ of: { circuit, paused, open_until: until } }: { readonly of: Connector }) {
  const [shape, tone, word]: readonly [Shape, string, string] = paused
    ? ['dash', 'alert', 'paused']
    : circuit === 'open'
      ? ['cross', 'block', 'failing, not called']
      : circuit === 'half_open'
        ? ['half', 'alert', 'tried again']
        : ['check', 'allow', 'well'];
  return (
    <span className={`badge tone-${tone}`}>
      <Mark shape={shape} />
      {word}
      {circuit === 'open' && until && <TimeLeft until={until} />}
    </span>
  );
}

export function ConnectorsTable() {
  const connectors = useBehind<{ readonly items: readonly Connector[] }>('executor', '/v1/connectors', {
    everyMs: EVERY_MS,
  });
  return (
    <Answer query={connectors} from="executor" what="Connectors">
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState title="No connector">The workspace has none.</EmptyState>
        ) : (
          <DataTable caption="Connectors" columns={COLUMNS} rows={items} keyOf={({ connector }) => connector} />
        )
      }
    </Answer>
  );
}
