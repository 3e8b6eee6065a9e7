import type { Receipt } from '@holdpoint/shared/domain/receipt';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { behind, type Page, withQuery } from '../../api/api.ts';
import { useApi } from '../../api/api-context.tsx';
import { type Column, DataTable } from '../../pieces/data-table.tsx';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { ErrorNote } from '../../pieces/error-note.tsx';
import { Loading } from '../../pieces/loading.tsx';
import { PageHead } from '../../pieces/page-head.tsx';
import { Said } from '../../pieces/said.tsx';
import { Time } from '../../pieces/time.tsx';
import { ReceiptDialog } from '../../receipts/receipt-dialog.tsx';
import { actorName, KIND_WORDS, whyOf } from '../../receipts/receipt-words.ts';
import { Link } from '../../router/link.tsx';
import { usePlace } from '../../router/location.ts';
import type { PageProps } from '../../router/page-props.ts';
import { useSession } from '../../session/session.tsx';
import { FilterForm } from './filter-form.tsx';
import { askedFor, filtersIn, toNdjson } from './receipt-query.ts';
import './receipts.css';

const PAGE_RECEIPTS = 50;

/** The record of everything, searched by whatever is at hand. */
export function ReceiptsPage(_: PageProps) {
  const { query } = usePlace();
  const filters = filtersIn(query);
  const { services } = useSession();
  return (
    <>
      <PageHead title="Receipts" about="What was proposed, which policy decided, who approved, what happened." />
      <div className="stack">
        <FilterForm key={query.toString()} filters={filters} />
        {services.executor ? (
          <Found asked={askedFor(filters)} />
        ) : (
          <EmptyState title="Receipts cannot be asked for">This console is not told where the executor is.</EmptyState>
        )}
      </div>
    </>
  );
}

function Found({ asked }: { readonly asked: Readonly<Record<string, string>> }) {
  const api = useApi();
  const [open, setOpen] = useState<Receipt>();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['executor', 'receipts', asked],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Receipt>>(
        behind(
          'executor',
          withQuery('/v1/receipts', { ...asked, limit: PAGE_RECEIPTS, cursor: pageParam }) as '/v1/receipts',
        ),
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor,
  });
  if (data === undefined && error) {
    return <ErrorNote error={error} what="Receipts cannot be shown" retry={() => void refetch()} />;
  }
  if (data === undefined) return <Loading what="Searching" />;
  const receipts = data.pages.flatMap(({ items }) => items);
  return (
    <section className="stack receipts-found" aria-label="Found">
      <div className="row">
        <p className="quiet" role="status">
          {receipts.length} {receipts.length === 1 ? 'receipt' : 'receipts'}
          {hasNextPage ? ' so far' : ''}, newest first
        </p>
        {receipts.length > 0 && <Export receipts={receipts} />}
      </div>
      {receipts.length === 0 && !hasNextPage && (
        <EmptyState title="No receipt says so">Search by another word, or by less.</EmptyState>
      )}
      {receipts.length > 0 && (
        <DataTable caption="Receipts, newest first" columns={columns(setOpen)} rows={receipts} keyOf={({ id }) => id} />
      )}
      {error && (
        <ErrorNote error={error} what="Not all that was asked for is here" retry={() => void fetchNextPage()} />
      )}
      {hasNextPage && (
        <button type="button" className="button" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {isFetchingNextPage ? 'Searching…' : 'Search further back'}
        </button>
      )}
      {open && <ReceiptDialog receipt={open} close={() => setOpen(undefined)} />}
    </section>
  );
}

const columns = (open: (receipt: Receipt) => void): readonly Column<Receipt>[] => [
  { name: 'When', cell: ({ at }) => <Time at={at} /> },
  {
    name: 'Receipt',
    cell: (receipt) => (
      <button type="button" className="receipt-open" onClick={() => open(receipt)}>
        {KIND_WORDS[receipt.kind]}
      </button>
    ),
  },
  {
    name: 'What',
    cell: ({ action, connector, tool, event }) => {
      if (connector === null) return event && <Said text={event} />;
      const what = `${connector}.${tool ?? '*'}`;
      return action ? <Link href={`/actions/${action}`}>{what}</Link> : what;
    },
  },
  { name: 'Entity', cell: ({ entity_key: entity }) => entity && <Said text={entity} /> },
  { name: 'Became', cell: ({ outcome, decision }) => outcome ?? decision },
  { name: 'By', cell: ({ actor }) => <Said text={actorName(actor)} /> },
  { name: 'Why', cell: (receipt) => <Said text={whyOf(receipt)} /> },
];

function Export({ receipts }: { readonly receipts: readonly Receipt[] }) {
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([toNdjson(receipts)], { type: 'application/x-ndjson' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = 'receipts.ndjson';
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <button type="button" className="button" onClick={save}>
      Save these as NDJSON
    </button>
  );
}
