export const ATTEMPTS_MAX = 10;
const BASE_MS = 2_000;
const CEILING_MS = 3_600_000;
/** What a receiver may ask for at most. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/** Exponential with full jitter: how long after the given attempt (from 1) the next. Never before the receiver asks for it. */
export function deliveryBackoffMs(attempt: number, random: number, retryAfterMs = 0): number {
  const ceilingMs = Math.min(CEILING_MS, BASE_MS * 3 ** (attempt - 1));
  return Math.max(Math.round(ceilingMs * random), Math.min(retryAfterMs, RETRY_AFTER_MAX_MS));
}

/** `Retry-After` in seconds or as a date; undefined where it is neither. */
export function retryAfterMs(header: string | null | undefined, nowMs: number): number | undefined {
  if (!header) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
