import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { showApproval } from '../approvals/show-approval.ts';
import { SESSION_KEY } from '../session/session.tsx';
import { type LiveFact, openStream } from './open-stream.ts';

/** `live`: told by the server; `polling`: the stream is away, so what is shown is asked for again and again. */
export type LiveState = 'live' | 'polling';

interface Live {
  readonly state: LiveState;
  listen(hear: (fact: LiveFact) => void): () => void;
}

const LiveContext = createContext<Live | undefined>(undefined);

const POLL_MS = 5_000;
const HIDDEN_POLL_MS = 30_000;

/**
 * One stream for the whole app, while it is looked at: browsers open few connections to a host, and tabs in the background
 * would use them up.
 */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient();
  const visible = useVisible();
  const [state, setState] = useState<LiveState>('polling');
  const listeners = useRef(new Set<(fact: LiveFact) => void>());

  useEffect(() => {
    if (!visible) return;
    const close = openStream({
      fact(fact) {
        showApproval(queries, fact.approval);
        for (const hear of listeners.current) hear(fact);
      },
      opened() {
        setState('live');
        void queries.invalidateQueries({ queryKey: ['approvals'] });
      },
      lost() {
        setState('polling');
        // A stream cannot tell why it was refused; the session can.
        void queries.invalidateQueries({ queryKey: SESSION_KEY });
      },
    });
    return () => {
      close();
      setState('polling');
    };
  }, [visible, queries]);

  const live = useMemo<Live>(
    () => ({
      state,
      listen(hear) {
        listeners.current.add(hear);
        return () => listeners.current.delete(hear);
      },
    }),
    [state],
  );
  return <LiveContext value={live}>{children}</LiveContext>;
}

/**
 * Whether what is shown is told by the server, and how often to ask for it otherwise (for a query's `refetchInterval`);
 * `hear` is told every fact about the tenant's approvals.
 *
 *     const { pollMs } = useLive();
 *     useQuery({ …, refetchInterval: pollMs, refetchIntervalInBackground: true });
 */
export function useLive(hear?: (fact: LiveFact) => void): {
  readonly state: LiveState;
  readonly pollMs: number | false;
} {
  const live = useContext(LiveContext);
  if (!live) throw new Error('nothing live around');
  const latest = useRef(hear);
  latest.current = hear;
  const { listen, state } = live;
  useEffect(() => listen((fact) => latest.current?.(fact)), [listen]);
  const visible = useVisible();
  return { state, pollMs: visible ? (state === 'live' ? false : POLL_MS) : HIDDEN_POLL_MS };
}

function useVisible(): boolean {
  const [visible, setVisible] = useState(() => document.visibilityState === 'visible');
  useEffect(() => {
    const look = () => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return visible;
}
