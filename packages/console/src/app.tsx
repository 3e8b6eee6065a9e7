import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { Suspense, useMemo, useRef } from 'react';
import { createApi } from './api/api.ts';
import { ApiContext } from './api/api-context.tsx';
import { isRefusal } from './api/problem.ts';
import { LiveProvider } from './live/live-provider.tsx';
import { EmptyState } from './pieces/empty-state.tsx';
import { ErrorNote } from './pieces/error-note.tsx';
import { Loading } from './pieces/loading.tsx';
import { PageBoundary } from './pieces/page-boundary.tsx';
import { PageHead } from './pieces/page-head.tsx';
import { ToastProvider } from './pieces/toasts.tsx';
import { usePlace } from './router/location.ts';
import { pageAt } from './router/routes.tsx';
import { SESSION_KEY, SessionContext, useSessionQuery } from './session/session.tsx';
import { SignInPage } from './session/sign-in-page.tsx';
import { Shell } from './shell/shell.tsx';

const RETRIES = 2;

export function App() {
  const { api, queries } = useMemo(() => {
    const queries = new QueryClient({
      defaultOptions: {
        queries: {
          staleTime: 2_000,
          // What was refused is refused again; what did not answer may.
          retry: (failures, error) =>
            failures < RETRIES && (!isRefusal(error) || error.status === 0 || error.status > 500),
        },
      },
    });
    return { queries, api: createApi(() => queries.setQueryData(SESSION_KEY, null)) };
  }, []);
  return (
    <ApiContext value={api}>
      <QueryClientProvider client={queries}>
        <SignedIn />
      </QueryClientProvider>
    </ApiContext>
  );
}

function SignedIn() {
  const { data: session, error, refetch } = useSessionQuery();
  const wasSignedIn = useRef(false);
  if (session) wasSignedIn.current = true;
  if (session === null) return <SignInPage over={wasSignedIn.current} />;
  if (!session && error)
    return <ErrorNote error={error} what="The console cannot begin" retry={() => void refetch()} />;
  if (!session) return null;
  return (
    <SessionContext value={session}>
      <ToastProvider>
        <LiveProvider>
          <Shell>
            <PageHere />
          </Shell>
        </LiveProvider>
      </ToastProvider>
    </SessionContext>
  );
}

function PageHere() {
  const { path } = usePlace();
  const here = pageAt(path);
  if (!here) {
    return (
      <>
        <PageHead title="No such page" />
        <EmptyState title="Nothing is here">The address may be mistyped.</EmptyState>
      </>
    );
  }
  const { Page, id } = here;
  return (
    <PageBoundary key={path}>
      <Suspense fallback={<Loading />}>
        <Page id={id} />
      </Suspense>
    </PageBoundary>
  );
}
