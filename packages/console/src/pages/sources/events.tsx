import type { Event } from '@holdpoint/shared/domain/event';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { behind, type Page, withQuery } from '../../api/api.ts';
import { useApi } from '../../api/api-context.tsx';
import { useBehind } from '../../api/use-behind.ts';
import { Answer } from '../../pieces/answer.tsx';
import { ConfirmDialog } from '../../pieces/confirm-dialog.tsx';
import { type Column, DataTable } from '../../pieces/data-table.tsx';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { Said } from '../../pieces/said.tsx';
import { Time } from '../../pieces/time.tsx';
import { useToast } from '../../pieces/toasts.tsx';
import { Link } from '../../router/link.tsx';
import { usePlace } from '../../router/location.ts';

const EVERY_MS = 5_000;
const SHOWN_MAX = 25;

/** The newest events, or the one that the address names; each can be published again. */
export function Events() {
  const { query } = usePlace();
  const id = query.get('event') ?? '';
  const [replaying, setReplaying] = useState<Event>();
  return (
    <>
      {id === '' ? <Newest replay={setReplaying} /> : <One id={id} replay={setReplaying} />}
      {replaying && <ReplayDialog event={replaying} close={() => setReplaying(undefined)} />}
    </>
  );
}

function Newest({ replay }: { readonly replay: (event: Event) => void }) {
  const path = withQuery('/v1/events', { limit: SHOWN_MAX }) as '/v1/events';
  const events = useBehind<Page<Event>>('ingest', path, { everyMs: EVERY_MS });
  return (
    <Answer query={events} from="ingest" what="Events">
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState title="No event yet">The first webhook that is accepted stands here.</EmptyState>
        ) : (
          <DataTable caption="Newest events" columns={columns(replay)} rows={items} keyOf={(event) => event.id} />
        )
      }
    </Answer>
  );
}

function One({ id, replay }: { readonly id: string; readonly replay: (event: Event) => void }) {
  const event = useBehind<Event>('ingest', `/v1/events/${encodeURIComponent(id)}`);
  return (
    <div className="stack">
      <Answer query={event} from="ingest" what="The event">
        {(found) => (
          <>
            <DataTable caption="The event" columns={columns(replay)} rows={[found]} keyOf={(one) => one.id} />
            {found.data !== undefined && (
              <details className="panel">
                <summary>Its data</summary>
                <pre className="small said">
                  <Said text={JSON.stringify(found.data, null, 2)} />
                </pre>
              </details>
            )}
          </>
        )}
      </Answer>
      <p>
        <Link href="/sources">All events</Link>
      </p>
    </div>
  );
}

const columns = (replay: (event: Event) => void): readonly Column<Event>[] => [
  { name: 'When', cell: ({ time }) => <Time at={time} /> },
  { name: 'Source', cell: ({ source }) => source },
  { name: 'Type', cell: ({ type }) => <Said text={type} /> },
  {
    name: 'Event',
    cell: ({ id }) => (
      <Link href={`/sources?event=${encodeURIComponent(id)}`}>
        <Said text={id} />
      </Link>
    ),
  },
  { name: 'Signed', cell: ({ signed }) => signed },
  {
    name: 'What it led to',
    cell: ({ id }) => <Link href={`/receipts?event_id=${encodeURIComponent(id)}`}>receipts</Link>,
  },
  {
    name: 'Again',
    cell: (event) => (
      <button type="button" className="button" onClick={() => replay(event)}>
        Replay…<span className="unseen"> {event.id}</span>
      </button>
    ),
  },
];

function ReplayDialog({ event, close }: { readonly event: Event; readonly close: () => void }) {
  const [api, queries, tell] = [useApi(), useQueryClient(), useToast()];
  const [fresh, setFresh] = useState(false);
  const replay = async (): Promise<void> => {
    const again = await api.post<Event>(behind('ingest', `/v1/events/${encodeURIComponent(event.id)}/replay`), {
      fresh,
    });
    tell(
      <>
        Published again as <Link href={`/sources?event=${encodeURIComponent(again.id)}`}>{again.id}</Link>
      </>,
    );
    await queries.invalidateQueries({ queryKey: ['ingest'] });
  };
  return (
    <ConfirmDialog
      title={`Replay ${event.type}`}
      reason="none"
      does="Publish it again"
      grave={fresh}
      doIt={replay}
      close={close}
    >
      <p>
        It is published under a new id. Operators know it by its first, so what they have done they do not do again.
      </p>
      <label className="row">
        <input type="checkbox" checked={fresh} onChange={(change) => setFresh(change.target.checked)} />
        As if it were new: effects may be repeated
      </label>
    </ConfirmDialog>
  );
}
