import type { Around } from '@holdpoint/shared/domain/action';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { behind } from '../../api/api.ts';
import { useApi } from '../../api/api-context.tsx';
import { ArgsTable } from '../../pieces/args-table.tsx';
import { CopyableId } from '../../pieces/copyable-id.tsx';
import { ErrorNote } from '../../pieces/error-note.tsx';
import { Facts } from '../../pieces/facts.tsx';
import { Time } from '../../pieces/time.tsx';
import { isAdmin, useSession } from '../../session/session.tsx';

type Event = NonNullable<Around['event']>;

const SIGNED_WORDS = {
  'id-time-body': 'id, time and body',
  'time-body': 'time and body',
  body: 'the body',
  'url-body': 'address and body',
  none: 'nothing: anybody could have sent it',
} as const satisfies Record<Event['signed'], string>;

/** What set the operator going; its data are for admins. */
export function EventBehind({ event }: { readonly event: Event }) {
  const { person, services } = useSession();
  const [shown, setShown] = useState(false);
  return (
    <section className="panel" aria-labelledby="card-event">
      <h2 id="card-event">The event behind it</h2>
      <div className="stack">
        <Facts
          of={[
            ['Source', event.source],
            ['Type', event.type],
            ['About', event.subject],
            ['Time', event.time && <Time key="time" at={event.time} />],
            ['The signature covers', SIGNED_WORDS[event.signed]],
            ['Event', <CopyableId key="id" id={event.id} name="the event’s id" />],
          ]}
        />
        {services.ingest && isAdmin(person) && (
          <div>
            <button type="button" className="button" aria-expanded={shown} onClick={() => setShown(!shown)}>
              {shown ? 'Hide its data' : 'Show its data'}
            </button>
          </div>
        )}
        {shown && <EventData id={event.id} />}
      </div>
    </section>
  );
}

function EventData({ id }: { readonly id: string }) {
  const api = useApi();
  const { data, error, isPending } = useQuery({
    queryKey: ['events', id],
    queryFn: ({ signal }) =>
      api.get<{ data?: unknown }>(behind('ingest', `/v1/events/${encodeURIComponent(id)}`), signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error) return <ErrorNote error={error} what="Its data cannot be shown" />;
  if (isPending) return <p role="status">Fetching…</p>;
  return <ArgsTable args={data.data} caption="Data of the event" />;
}
