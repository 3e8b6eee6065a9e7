import { jsonObject } from '../body.ts';
import type { Refused, SignedDelivery } from '../provider.ts';
import { oneHeader, refused, timestampRefusal } from '../signature.ts';
import type { GenericOptions } from './generic-options.ts';
import { memberAt } from './places.ts';

export type TimestampOptions = NonNullable<GenericOptions['timestamp']>;

/** The timestamp's text as it was signed; `inField` is what the signature header's field holds. */
export function timestampText(
  options: TimestampOptions,
  { headers }: SignedDelivery,
  inField: string | undefined,
): string | undefined {
  return options.header === undefined ? inField : oneHeader(headers, options.header);
}

const SPELLING = {
  s: /^(0|[1-9][0-9]{0,11})$/,
  ms: /^(0|[1-9][0-9]{0,14})$/,
  rfc3339: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
} as const;

/** Seconds since the epoch. Spelled in one way only and within the tolerance of one length, so that it needs no separator. */
export function timestampSeconds(text: string | undefined, { unit }: TimestampOptions): number | undefined {
  if (text === undefined || !SPELLING[unit].test(text)) return undefined;
  const seconds = unit === 'rfc3339' ? Date.parse(text) / 1000 : Number(text) / (unit === 'ms' ? 1000 : 1);
  return Number.isNaN(seconds) ? undefined : Math.floor(seconds);
}

/** Why a signed time is too far from now, the body's own included. Undefined where it is not. */
export function timeRefusal(
  options: TimestampOptions,
  delivery: SignedDelivery,
  text: string | undefined,
): Refused | undefined {
  const seconds = timestampSeconds(options.body ? textInBody(delivery, options.body) : text, options);
  if (seconds === undefined) return refused(options.body ? 'body_malformed' : 'header_malformed');
  return timestampRefusal(seconds, delivery.now, delivery.toleranceSeconds ?? options.toleranceSeconds);
}

function textInBody({ rawBody }: SignedDelivery, path: readonly string[]): string | undefined {
  const found = memberAt(jsonObject(rawBody), path);
  return typeof found === 'number' || typeof found === 'string' ? String(found) : undefined;
}
