import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Behind } from '../api/api.ts';
import { isRefusal } from '../api/problem.ts';
import { useSession } from '../session/session.tsx';
import { EmptyState } from './empty-state.tsx';
import { ErrorNote } from './error-note.tsx';
import { Loading } from './loading.tsx';

/**
 * What was asked of a service, in whatever state the answer is: not here yet, not for this person, not to be had. What was
 * answered before stays, with a word that it may be old.
 */
export function Answer<T>({
  query,
  from,
  what,
  children,
}: {
  readonly query: UseQueryResult<T>;
  readonly from: Behind;
  /** Of which it is told that it is not here: `The receipts`. */
  readonly what: string;
  readonly children: (answer: T) => ReactNode;
}) {
  const { services } = useSession();
  const { data, error, refetch } = query;
  if (!services[from]) {
    return <EmptyState title={`${what} cannot be asked for`}>This console is not told where the {from} is.</EmptyState>;
  }
  if (data === undefined && isRefusal(error, 'FORBIDDEN')) return <NotForYou what={what} />;
  if (data === undefined && isRefusal(error, 'NOT_FOUND'))
    return <EmptyState title="There is no such thing">{error.message}</EmptyState>;
  if (data === undefined && error) {
    return <ErrorNote error={error} what={`${what} cannot be shown`} retry={() => void refetch()} />;
  }
  if (data === undefined) return <Loading />;
  return (
    <>
      {error && <ErrorNote error={error} what={`${what} may be old`} retry={() => void refetch()} />}
      {children(data)}
    </>
  );
}

export function NotForYou({ what }: { readonly what: string }) {
  return (
    <EmptyState title={`${what} are for admins`}>
      Your identity provider makes you one by the group <code>holdpoint-admin</code>.
    </EmptyState>
  );
}
