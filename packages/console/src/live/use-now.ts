import { useEffect, useState } from 'react';
import { useApi } from '../api/api-context.tsx';

/** The server's now, in milliseconds, told anew that often. */
export function useNow(everyMs = 1_000): number {
  const api = useApi();
  const [now, setNow] = useState(() => api.now());
  useEffect(() => {
    setNow(api.now());
    const timer = setInterval(() => setNow(api.now()), everyMs);
    return () => clearInterval(timer);
  }, [api, everyMs]);
  return now;
}
