import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useApi } from '../api/api-context.tsx';
import { ErrorNote } from '../pieces/error-note.tsx';
import { usePlace } from '../router/location.ts';
import { type SignInOptions, useSignIn } from './session.tsx';
import './sign-in.css';

/** Who signs in stays where they wanted to go. */
export function SignInPage({ over }: { readonly over: boolean }) {
  const api = useApi();
  const { data: options } = useQuery({
    queryKey: ['sign-in-options'],
    queryFn: () => api.get<SignInOptions>('/console/sign-in-options'),
    staleTime: 60_000,
  });
  return (
    <main className="sign-in">
      <title>Sign in · Holdpoint</title>
      <h1>Sign in to Holdpoint</h1>
      {over && (
        <p className="note" role="status">
          Your session is over. Sign in to go on where you were.
        </p>
      )}
      {options?.oidc && <ProviderButton {...options.oidc} />}
      {options?.oidc && options.token && <p className="sign-in-or quiet small">or with a token</p>}
      {options?.token !== false && <TokenForm primary={!options?.oidc} />}
    </main>
  );
}

function ProviderButton({ name, start }: { readonly name: string; readonly start: string }) {
  const { path, query } = usePlace();
  const to = query.size > 0 ? `${path}?${query}` : path;
  return (
    <a className="button primary" href={`${start}?${new URLSearchParams({ to })}`}>
      Sign in with {name}
    </a>
  );
}

function TokenForm({ primary }: { readonly primary: boolean }) {
  const signIn = useSignIn();
  const [token, setToken] = useState('');
  const [state, setState] = useState<{ readonly busy: boolean; readonly error?: unknown }>({ busy: false });
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setState({ busy: true });
    try {
      await signIn(token.trim());
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return (
    <form className="stack" onSubmit={submit}>
      <label htmlFor="token">Your token</label>
      <textarea
        id="token"
        className="mono"
        rows={5}
        required
        autoComplete="off"
        spellCheck={false}
        value={token}
        onChange={(event) => setToken(event.target.value)}
        aria-describedby="token-says"
      />
      <p id="token-says" className="quiet small">
        A JWT of your identity provider that names you. It is not kept: a session takes its place.
      </p>
      {state.error !== undefined && <ErrorNote error={state.error} what="You are not signed in" />}
      <button type="submit" className={primary ? 'button primary' : 'button'} disabled={state.busy}>
        {state.busy ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}
