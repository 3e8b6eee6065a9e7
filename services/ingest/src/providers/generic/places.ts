import { asObject, isoTime } from '../body.ts';
import type { DeliveryHeaders } from '../provider.ts';
import { oneHeader } from '../signature.ts';
import type { Place } from './generic-options.ts';

type Body = Readonly<Record<string, unknown>>;

/** What stands there as a text: ids and types may be written as whole numbers. */
export function textAt(place: Place | undefined, headers: DeliveryHeaders, body: Body): string | undefined {
  const found = valueAt(place, headers, body);
  if (typeof found === 'number' && Number.isSafeInteger(found)) return String(found);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** RFC 3339 of what stands there. */
export function timeAt(place: Place | undefined, headers: DeliveryHeaders, body: Body): string | undefined {
  const found = valueAt(place, headers, body);
  return isoTime(typeof found === 'string' && /^[0-9]{1,15}$/.test(found) ? Number(found) : found);
}

export function memberAt(body: Body, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => asObject(value)?.[name], body);
}

function valueAt(place: Place | undefined, headers: DeliveryHeaders, body: Body): unknown {
  if (place?.header !== undefined) return oneHeader(headers, place.header);
  return place?.body && memberAt(body, place.body);
}
