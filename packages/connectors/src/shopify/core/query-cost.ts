/** What Shopify says a query cost, and what is left: https://shopify.dev/docs/api/usage/limits#graphql-admin-api-rate-limits */
export interface QueryCost {
  readonly requestedQueryCost: number;
  readonly throttleStatus: {
    readonly currentlyAvailable: number;
    /** Points a second. */
    readonly restoreRate: number;
  };
}

const WAIT_MAX_SECONDS = 3600;

/** Until the bucket holds what such a query costs; 0: it does. */
export function untilAffordable({ requestedQueryCost, throttleStatus }: QueryCost): number {
  const missing = requestedQueryCost - throttleStatus.currentlyAvailable;
  if (missing <= 0) return 0;
  if (throttleStatus.restoreRate <= 0) return WAIT_MAX_SECONDS;
  return Math.min(Math.ceil(missing / throttleStatus.restoreRate), WAIT_MAX_SECONDS);
}
