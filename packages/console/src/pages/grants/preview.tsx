import type { Approval } from '@holdpoint/shared/domain/approval';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useApi } from '../../api/api-context.tsx';
import { Time } from '../../pieces/time.tsx';
import { Value } from '../../pieces/value.tsx';
import { Link } from '../../router/link.tsx';
import { classOf, type Draft } from './draft.ts';

interface PreviewOf {
  readonly looked_at: number;
  readonly matched_count: number;
  readonly matched: readonly {
    readonly action_id: string;
    readonly at: string;
    readonly entity_key: string | null;
    readonly value: number | null;
  }[];
  readonly nearest: readonly { readonly action_id: string; readonly at: string; readonly why: readonly string[] }[];
}

const TYPING_MS = 300;

/** What the grant would have let through before, and what it nearly would have. */
export function Preview({ approval, draft }: { readonly approval: Approval; readonly draft: Draft }) {
  const api = useApi();
  const body = useSettled(JSON.stringify({ approval_id: approval.id, ...classOf(draft) }));
  const { data, error, isFetching } = useQuery({
    queryKey: ['grant-preview', body],
    queryFn: () => api.post<PreviewOf>('/v1/standing-grants/preview', JSON.parse(body)),
    placeholderData: keepPreviousData,
  });
  return (
    <section className="panel stack" aria-labelledby="grant-preview" aria-busy={isFetching}>
      <h2 id="grant-preview">What it would have let through</h2>
      {error && <p className="note tone-alert">{error.message}</p>}
      {data && !error && (
        <>
          <p role="status">
            <strong>{data.matched_count}</strong> of the last {data.looked_at} that were asked about.
          </p>
          {data.matched.length > 0 && (
            <ul className="preview">
              {data.matched.map(({ action_id: id, at, entity_key: entity, value }) => (
                <li key={id}>
                  <Link href={`/actions/${id}`}>{entity ?? 'no entity'}</Link> <Value of={value} />{' '}
                  <span className="quiet small">
                    <Time at={at} />
                  </span>
                </li>
              ))}
            </ul>
          )}
          {data.nearest.length > 0 && (
            <>
              <h3>What it would not, by least</h3>
              <ul className="preview">
                {data.nearest.map(({ action_id: id, at, why }) => (
                  <li key={id}>
                    <Link href={`/actions/${id}`}>
                      <Time at={at} />
                    </Link>
                    : {why.join('; ')}
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      )}
    </section>
  );
}

/** What it has been for a moment: not every letter is asked about. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), TYPING_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
