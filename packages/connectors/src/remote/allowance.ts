import { RETRY_AFTER_MAX_SECONDS } from './retry-after.ts';

/** The pair of headers by which a vendor tells how many calls are left, and when there will be more. */
export interface AllowanceHeaders {
  readonly remaining: string;
  /** Seconds from now, or a time: seconds or milliseconds since 1970. Which one is told by its size. */
  readonly reset: string;
}

/**
 * `x-ratelimit-*` is nobody's standard, and most vendors' habit; `ratelimit-*` is that of the IETF's drafts before the
 * seventh, whose reset is in seconds from now (draft-ietf-httpapi-ratelimit-headers-06 §5.3).
 */
export const USUAL_ALLOWANCE: readonly AllowanceHeaders[] = [
  { remaining: 'x-ratelimit-remaining', reset: 'x-ratelimit-reset' },
  { remaining: 'ratelimit-remaining', reset: 'ratelimit-reset' },
];

/**
 * For how many seconds the allowance is used up, at most a day; undefined where some is left or nothing is said of it. Of
 * several allowances the longest counts. Reads `RateLimit: "default";r=0;t=7` too (the IETF's draft since its seventh).
 */
export function usedUpSeconds(
  headers: Headers,
  nowMs: number,
  families: readonly AllowanceHeaders[] = USUAL_ALLOWANCE,
): number | undefined {
  const found = [...families.map(({ remaining, reset }) => pair(headers, remaining, reset)), ...items(headers)]
    .filter(({ remaining }) => remaining <= 0)
    .map(({ reset }) => untilReset(reset, nowMs))
    .filter((seconds) => seconds > 0);
  return found.length > 0 ? Math.min(Math.max(...found), RETRY_AFTER_MAX_SECONDS) : undefined;
}

interface Left {
  readonly remaining: number;
  readonly reset: number;
}

const pair = (headers: Headers, remaining: string, reset: string): Left => ({
  remaining: numberOf(headers.get(remaining)),
  reset: numberOf(headers.get(reset)),
});

/** One that is not closed ends with the header: to look for its end again from each of its quotes would take seconds. */
const QUOTED = /"(?:\\[\s\S]?|[^"\\])*(?:"|$)/g;

/** A list of allowances, each with its parameters (RFC 9651 §3.1.2). Its name may hold what separates them. */
function items(headers: Headers): Left[] {
  const unnamed = headers.get('ratelimit')?.replaceAll(QUOTED, 'name');
  return (unnamed?.split(',') ?? []).map((item) => ({
    remaining: numberOf(/;\s*r=(\d+)/.exec(item)?.[1]),
    reset: numberOf(/;\s*t=(\d+)/.exec(item)?.[1]),
  }));
}

/** NaN is no number of calls that are left: it compares with nothing. */
const numberOf = (text: string | null | undefined): number =>
  text && /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : Number.NaN;

/** In 2001 the seconds since 1970 passed this; no allowance takes thirty years to come back. */
const TIME_MIN_SECONDS = 1e9;
/** The same in milliseconds; as seconds it lies 30,000 years ahead. */
const TIME_MIN_MS = 1e12;

function untilReset(reset: number, nowMs: number): number {
  if (reset >= TIME_MIN_MS) return Math.ceil((reset - nowMs) / 1000);
  return Math.ceil(reset >= TIME_MIN_SECONDS ? reset - nowMs / 1000 : reset);
}
