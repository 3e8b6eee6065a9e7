/** What a search is narrowed by, as it stands in the address. Each is a parameter of `GET /v1/receipts`, but for `last`. */
export const FILTERS = [
  'about',
  'kind',
  'entity_key',
  'operator',
  'connector',
  'tool',
  'actor',
  'outcome',
  'event_id',
  'since',
  'until',
] as const;
export type Filter = (typeof FILTERS)[number];
export type Filters = Readonly<Partial<Record<Filter, string>>>;

export function filtersIn(query: URLSearchParams): Filters {
  return Object.fromEntries(
    FILTERS.flatMap((name) => {
      const value = query.get(name)?.trim() ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );
}

/** As the API wants them: a time of the address is local, as people type it. */
export function askedFor(filters: Filters): Record<string, string> {
  return Object.fromEntries(
    Object.entries(filters).flatMap(([name, value]) => {
      if (name !== 'since' && name !== 'until') return [[name, value]];
      const at = new Date(value);
      return Number.isNaN(at.getTime()) ? [] : [[name, at.toISOString()]];
    }),
  );
}

/** One receipt a line, as `jq` and friends read them. */
export function toNdjson(receipts: readonly object[]): string {
  return receipts.map((receipt) => `${JSON.stringify(receipt)}\n`).join('');
}
