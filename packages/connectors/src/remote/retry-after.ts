export const RETRY_AFTER_MAX_SECONDS = 24 * 3600;

/**
 * What `Retry-After` asks for: whole seconds, or an HTTP date (RFC 9110 §10.2.3). In seconds from `nowMs`, at most a day;
 * undefined where it is absent or neither. Vendors that send fractions of a second are rounded up.
 */
export function retryAfterSeconds(headers: Headers, nowMs: number): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d{1,15}(\.\d+)?$/.test(value)) return bounded(Number(value));
  const at = HTTP_DATE.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : bounded((at - nowMs) / 1000);
}

/** When an answer was given, by the clock of whoever gave it: what it says of times is meant by that clock, and ours may be another. */
export function answeredAtMs(headers: Headers): number {
  const said = headers.get('date') ?? '';
  const at = HTTP_DATE.test(said) ? Date.parse(said) : Number.NaN;
  return Number.isNaN(at) ? Date.now() : at;
}

/** Date.parse takes much more than a date of HTTP: `2`, `May`. Its three forms all begin with the day (RFC 9110 §5.6.7). */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d{2}:\d{2}:\d{2}/;

const bounded = (seconds: number): number => Math.min(Math.max(Math.ceil(seconds), 0), RETRY_AFTER_MAX_SECONDS);
