import type { Delivery } from './provider.ts';

/** The URL as the provider called it, query and all; a `publicUrl` that has a query of its own says it whole. */
export function calledUrl({ url, query }: Delivery): string {
  return query === '' || url.includes('?') ? url : `${url}?${query}`;
}
