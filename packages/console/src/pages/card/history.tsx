import type { Approval } from '@holdpoint/shared/domain/approval';
import { DataTable } from '../../pieces/data-table.tsx';
import { Time } from '../../pieces/time.tsx';
import { Link } from '../../router/link.tsx';
import { useRecentReceipts } from './use-card.ts';

/** What happened to the same entity before. */
export function History({ approval }: { readonly approval: Approval }) {
  const { data } = useRecentReceipts(approval);
  const receipts = (data?.items ?? []).filter(({ action }) => action !== approval.action_id);
  if (approval.entity_key === null || !data) return null;
  return (
    <section className="panel" aria-labelledby="card-history">
      <h2 id="card-history">What happened to {approval.entity_key} lately</h2>
      {receipts.length === 0 ? (
        <p className="quiet">Nothing else.</p>
      ) : (
        <DataTable
          caption={`Receipts of ${approval.entity_key}`}
          rows={receipts}
          keyOf={({ id }) => id}
          columns={[
            { name: 'When', cell: ({ at }) => <Time at={at} /> },
            {
              name: 'What',
              cell: ({ action, connector, tool, kind }) =>
                action === null ? kind : <Link href={`/actions/${action}`}>{`${connector}.${tool}`}</Link>,
            },
            { name: 'Step', cell: ({ kind, decision, outcome }) => outcome ?? decision ?? kind },
          ]}
        />
      )}
    </section>
  );
}
