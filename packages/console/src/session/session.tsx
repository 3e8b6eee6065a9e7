import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import type { Api, Behind } from '../api/api.ts';
import { useApi } from '../api/api-context.tsx';
import { isRefusal } from '../api/problem.ts';

export interface Person {
  /** `iss|sub`. */
  readonly principal: string;
  readonly name: string;
  readonly tenant: string;
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
}

export interface Session {
  readonly person: Person;
  readonly csrf: string;
  readonly expires_at: string;
  /** Which services the console can ask. */
  readonly services: Readonly<Record<Behind, boolean>>;
  /** Bull Board. */
  readonly queues_url: string | null;
}

export interface SignInOptions {
  readonly token: boolean;
  readonly oidc: { readonly name: string; readonly start: string } | null;
}

export const SESSION_KEY = ['session'] as const;

/** The session; null: nobody is signed in. */
export function useSessionQuery() {
  const api = useApi();
  return useQuery({
    queryKey: SESSION_KEY,
    queryFn: () => readSession(api),
    staleTime: Number.POSITIVE_INFINITY,
    retry: 2,
  });
}

async function readSession(api: Api): Promise<Session | null> {
  try {
    return began(api, await api.get<Session>('/console/session'));
  } catch (error) {
    if (isRefusal(error, 'UNAUTHENTICATED')) return null;
    throw error;
  }
}

function began(api: Api, session: Session): Session {
  api.carryCsrf(session.csrf);
  return session;
}

export function useSignIn(): (token: string) => Promise<void> {
  const [api, queries] = [useApi(), useQueryClient()];
  return async (token) => {
    queries.setQueryData(SESSION_KEY, began(api, await api.post<Session>('/console/sign-in', { token })));
  };
}

/** What was shown is forgotten: the next person at this machine may see less. */
export function useSignOut(): () => Promise<void> {
  const [api, queries] = [useApi(), useQueryClient()];
  return async () => {
    await api.post('/console/sign-out');
    queries.setQueryData(SESSION_KEY, null);
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] });
  };
}

export const SessionContext = createContext<Session | undefined>(undefined);

/** Who is signed in; only within the shell. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('nobody is signed in');
  return session;
}

export function isAdmin({ scopes }: Person): boolean {
  return scopes.includes('admin') || scopes.includes('platform');
}
