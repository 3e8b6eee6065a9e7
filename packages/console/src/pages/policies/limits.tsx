import type { LimitInUse } from '@holdpoint/shared/domain/reservation';
import type { Page } from '../../api/api.ts';
import { useBehind } from '../../api/use-behind.ts';
import { Answer } from '../../pieces/answer.tsx';
import { type Column, DataTable } from '../../pieces/data-table.tsx';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { Said } from '../../pieces/said.tsx';

const EVERY_MS = 5_000;

/** Limits that something uses now. */
export function Limits() {
  const limits = useBehind<Page<LimitInUse>>('evaluator', '/v1/limits?limit=200', { everyMs: EVERY_MS });
  return (
    <Answer query={limits} from="evaluator" what="Limits">
      {({ items, next_cursor: more }) =>
        items.length === 0 ? (
          <EmptyState title="No limit is in use">One appears here when an action is counted by it.</EmptyState>
        ) : (
          <>
            <DataTable
              caption="Limits in use"
              columns={COLUMNS}
              rows={items}
              keyOf={({ policy, by, who }) => `${policy} ${by} ${who}`}
            />
            {more && <p className="quiet">There are more; the command line lists them all.</p>}
          </>
        )
      }
    </Answer>
  );
}

const COLUMNS: readonly Column<LimitInUse>[] = [
  {
    name: 'Policy',
    cell: ({ policy, in_force }) => <Said text={in_force ? policy : `${policy} (no longer in force)`} />,
  },
  { name: 'Of', cell: ({ by, who }) => <Said text={who === '' ? by : `${by} ${who}`} /> },
  {
    name: 'Actions',
    numeric: true,
    cell: ({ used_count, count }) => (count === undefined ? used_count : `${used_count} of ${count}`),
  },
  {
    name: 'Value',
    numeric: true,
    cell: ({ used_total, total }) => (total === undefined ? used_total : `${used_total} of ${total}`),
  },
];
