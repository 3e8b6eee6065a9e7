/** Above this a body is not parsed for its type: it is forwarded, not understood. */
export const PARSE_MAX_BYTES = 2 * 1024 * 1024;

/** The body's top-level object, or an empty one: a malformed body under a good signature is still an event. */
export function jsonObject(rawBody: Buffer): Readonly<Record<string, unknown>> {
  if (rawBody.length === 0 || rawBody.length > PARSE_MAX_BYTES) return {};
  try {
    return asObject(JSON.parse(rawBody.toString('utf8'))) ?? {};
  } catch {
    return {};
  }
}

export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** A non-empty text; anything else a provider may put there is no id and no type. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Later than any time in seconds that will be met, earlier than any in milliseconds. */
const MILLISECONDS_FROM = 100_000_000_000;

/** RFC 3339 from what providers write for a time: seconds or milliseconds since the epoch, or a date's text; without a zone it is UTC. */
export function isoTime(value: unknown): string | undefined {
  const date = new Date(epochMilliseconds(value));
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 ? undefined : date.toISOString();
}

function epochMilliseconds(value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value < MILLISECONDS_FROM ? value * 1000 : value;
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value)) return Number.NaN;
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(value) ? value : `${value}Z`);
}
