import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useSession } from '../session/session.tsx';
import { type Behind, behind } from './api.ts';
import { useApi } from './api-context.tsx';

/**
 * What a service behind the gateway answers; asked again every so often while it is looked at. Nothing is asked of a service that
 * this console is not told of. To have it asked anew: `queries.invalidateQueries({ queryKey: ['executor'] })`.
 */
export function useBehind<T>(
  service: Behind,
  path: `/v1/${string}`,
  { everyMs, enabled = true }: { readonly everyMs?: number; readonly enabled?: boolean } = {},
): UseQueryResult<T> {
  const api = useApi();
  const { services } = useSession();
  return useQuery({
    queryKey: [service, path],
    queryFn: ({ signal }) => api.get<T>(behind(service, path), signal),
    refetchInterval: everyMs ?? false,
    enabled: enabled && services[service],
  });
}
