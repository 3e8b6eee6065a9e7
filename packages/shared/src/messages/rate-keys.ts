/** A bucket of tokens in Redis: what all instances of ingest together may take from one source, tenant or address. */
export const rateKey = (kind: 'source' | 'tenant' | 'address', name: string): string =>
  `holdpoint:{rate:${kind}:${name}}`;
