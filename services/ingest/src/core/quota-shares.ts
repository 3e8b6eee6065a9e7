/** What of a stream each of its tenants may fill. */
export interface QuotaShares {
  readonly of: (tenant: string) => number;
}

/**
 * A tenant's own quota where it has one; else the quota of all where there is one; else an equal share of what those with
 * their own leave, so that nobody can take another's room.
 */
export function quotaShares(
  streamMaxBytes: number,
  tenants: number,
  own: ReadonlyMap<string, number>,
  ofAll: number | undefined,
): QuotaShares {
  const taken = [...own.values()].reduce((sum, bytes) => sum + bytes, 0);
  const share = Math.max(0, Math.floor((streamMaxBytes - taken) / Math.max(1, tenants - own.size)));
  return { of: (tenant) => own.get(tenant) ?? ofAll ?? share };
}
